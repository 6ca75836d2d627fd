"""Filling a Chroma server from the store: what is current here becomes what all its readers see, in one step.

SQLite stays the truth. A run compares what the server holds with it, whatever a run before began and did not finish:
it adds what is missing, for a generation that readers do not see yet, marks what goes, proves by a sample that what it
added is found, moves the head, and then deletes what was marked.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, cast

import numpy as np

from index.errors import ServerError
from index.neutral import neutral
from index.publish import space
from index.records import Metadata, of_chunk, of_document, text_ids, text_parts
from index.server import Head, MissingCollectionError, Server
from index.settings import Settings
from index.store import Store
from index.types import FloatArray
from index.vectors import is_much

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection
    from chromadb.api.types import Where

SAMPLE = 50  # chunks that are to find themselves
_BATCH = 500  # records of a request at most
_CHARACTERS = 8_000_000  # of a request, about: a server takes 40 MB
_IDS = 2000  # ids of one
_SAME = 1e-3  # how near two vectors are that a search may take for each other

_Row = tuple[str, FloatArray, Metadata]  # id, vector, metadata
_Rows = Iterator[_Row]


def share(store: Store, server: Server, *, replace: bool = False) -> None:
    """Bring the server to the current generation; ``replace`` gives up what another index put there.

    Raises:
        ServerError: it holds another index, or a newer state of this one, and ``replace`` is not given; or it cannot
            be reached, or does not keep what it is given.
    """
    head = acceptable(store, server, replace=replace)
    if head is None:
        mine = cast("str | None", store.meta("index"))  # what it goes by on another server, perhaps
        # Readers know a state by index and generation, and the generation of what is replaced may come again.
        head = Head(index=uuid.uuid4().hex if replace or mine is None else mine)
        store.set_meta("index", head.index)
    target, lengths = store.generation, store.lengths()
    wanted = {str(chunk) for chunk in store.distinct(target)}
    texts = {part for row, length in lengths.items() for part in text_ids(row, length)}
    documents = _Change(server, head.documents, "documents", {str(row) for row in lengths}, store, _documents)
    parts = _Change(server, head.texts, "texts", texts, store, _texts)
    chunks = _Change(server, head.chunks, "chunks", wanted, store, _chunks)
    deleted = head.deleted + len(chunks.gone)
    if chunks.present and is_much(deleted, len(chunks.new), len(wanted)):
        chunks = _Change(server, "", "chunks", wanted, store, _chunks)
    for change in (documents, parts, chunks):
        change.add(target)
    if unfound(store, server, chunks.collection):
        chunks = _Change(server, "", "chunks", wanted, store, _chunks)
        chunks.add(target)
        if fault := unfound(store, server, chunks.collection):
            raise ServerError(f"{server.url} {fault}; start that server with an empty folder, then run this again")
    changes = (documents, parts, chunks)
    server.set_head(
        Head(
            index=head.index,
            generation=target,
            recipe=cast("str", store.meta("recipe")),
            space=json.dumps(store.meta("space")),
            documents=documents.collection.name,
            texts=parts.collection.name,
            chunks=chunks.collection.name,
            deleted=deleted if chunks.present else 0,
        )
    )
    for change in changes:
        change.delete()
    server.sweep([change.collection.name for change in changes])


@contextmanager
def sharing(store: Store, settings: Settings, *, replace: bool = False) -> Iterator[None]:
    """Share what is published within, if the settings name a server; whether it can be is found out first.

    Raises:
        ServerError: see ``share``; what was published stays.
    """
    if settings.chroma is None:
        yield
        return
    with closing(Server(settings, prepare=True)) as server:
        acceptable(store, server, replace=replace)
        yield
        try:
            share(store, server, replace=replace)
        except ServerError as error:
            raise ServerError(f"kept here, but not shared: {error}") from error


def acceptable(store: Store, server: Server, *, replace: bool = False) -> Head | None:
    """What the server holds of this index, if anything; None as well for what is to be replaced.

    Raises:
        ServerError: it holds what this index must not touch.
    """
    head = server.head()
    if head is None:
        return None
    foreign, ahead = head.index != store.meta("index"), head.generation > store.generation
    if not replace and (foreign or ahead):
        what = "another index" if foreign else "a newer state of this index"
        raise ServerError(
            f"{server.url} holds {what} (generation {head.generation}); name another --chroma-database, or run "
            "'polycite index FOLDER --rebuild' with this --chroma to put yours in its place"
        )
    return None if foreign or ahead else head


def difference(store: Store, server: Server) -> str | None:
    """What the server holds otherwise than the store's current generation, if anything."""
    head = acceptable(store, server)
    if head is None:
        return f"{server.url} holds nothing yet"
    if head.generation != store.generation:
        return f"{server.url} is at generation {head.generation}, not {store.generation}"
    lengths = store.lengths()
    wanted = {
        head.documents: {str(row) for row in lengths},
        head.texts: {part for row, length in lengths.items() for part in text_ids(row, length)},
        head.chunks: {str(chunk) for chunk in store.distinct(store.generation)},
    }
    for name, ids in wanted.items():
        with server.faults():
            found = server.collection(name).get(include=[], where=cast("Where", {"removed": 0}))
        if set(found["ids"]) != ids:
            return f"{server.url} holds {len(found['ids']):,} records in {name}, not the {len(ids):,} that it should"
    return unfound(store, server, server.collection(head.chunks))


def unfound(store: Store, server: Server, collection: Collection) -> str | None:
    """Whether a sample of the current chunks, from end to end of the index, is found by their own vectors."""
    ids = sorted(store.distinct(store.generation))
    sample = {str(chunk) for chunk in ids[:: -(-len(ids) // SAMPLE) or 1]}
    for chunk, vector, _ in _chunks(store, sample):
        with server.faults():
            found = collection.query(query_embeddings=vector[np.newaxis, :], n_results=1, include=["distances"])
        distances = cast("list[list[float]]", found["distances"])[0]
        if np.any(vector) and not (distances and distances[0] < _SAME):
            return f"does not find chunk {chunk}"
    return None


def _documents(store: Store, wanted: set[str]) -> _Rows:
    """Chroma wants a vector of every record, though these are looked up, not searched."""
    for row in sorted(map(int, wanted)):
        yield str(row), np.array([row], np.float32), of_document(*store.row(row))


def _texts(store: Store, wanted: set[str]) -> _Rows:
    for row in sorted({int(part.partition("/")[0]) for part in wanted}):
        document, _ = store.row(row)
        for part, record in zip(text_ids(row, len(document.text)), text_parts(document.text), strict=True):
            if part in wanted:
                yield part, np.array([row], np.float32), record


def _chunks(store: Store, wanted: set[str]) -> _Rows:
    basis, ids = space(store).basis.rows, sorted(map(int, wanted))
    for start in range(0, len(ids), _BATCH):
        for chunk in store.chunks(ids[start : start + _BATCH]):
            yield str(chunk.id), neutral(chunk.vector, basis), of_chunk(chunk)


class _Change:
    """What one collection takes on and gives up.

    Attributes:
        collection: the one of that name, or a new one where there is none.
        present: ids of its records.
        new: ids that it lacks.
        gone: ids that it is to lose.
    """

    def __init__(
        self,
        server: Server,
        name: str,
        kind: str,
        wanted: set[str],
        store: Store,
        rows: Callable[[Store, set[str]], _Rows],
    ) -> None:
        self._server = server
        self._wanted = wanted
        self._rows = rows
        self._store = store
        self.collection = self._open(name) or server.make(kind, len(wanted))
        with server.faults():
            self.present = set(self.collection.get(include=[])["ids"])
        self.new, self.gone = wanted - self.present, self.present - wanted

    def _open(self, name: str) -> Collection | None:
        try:
            return self._server.collection(name) if name else None
        except MissingCollectionError:
            return None

    def add(self, target: int) -> None:
        """Add what comes with generation ``target``, and mark what goes with it; readers see the one before."""
        with self._server.faults():
            going = cast("Where", {"removed": {"$gt": 0}})
            marked = set(self.collection.get(where=going, include=[])["ids"])
            self._mark(marked & self._wanted, 0)  # by a run that was cut short, whose changes came to nothing
            self._mark(self.gone - marked, target)
            batch: list[_Row] = []
            characters = 0
            for row in self._rows(self._store, self.new):
                batch.append(row)
                characters += sum(len(str(value)) for value in row[2].values())
                if len(batch) == _BATCH or characters > _CHARACTERS:
                    self._send(batch, target)
                    batch, characters = [], 0
            if batch:
                self._send(batch, target)

    def delete(self) -> None:
        """Delete what no reader sees any more."""
        gone = sorted(self.gone)
        with self._server.faults():
            for start in range(0, len(gone), _IDS):
                self.collection.delete(ids=gone[start : start + _IDS])

    def _mark(self, ids: set[str], removed: int) -> None:
        names = sorted(ids)
        for start in range(0, len(names), _IDS):
            part = names[start : start + _IDS]
            self.collection.update(ids=part, metadatas=[{"removed": removed}] * len(part))

    def _send(self, batch: Sequence[_Row], target: int) -> None:
        self.collection.upsert(
            ids=[name for name, _, _ in batch],
            embeddings=np.stack([vector for _, vector, _ in batch]),
            metadatas=[{**record, "added": target, "removed": 0} for _, _, record in batch],
        )
