"""Reading from a Chroma server, which ``index.share`` fills."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar, cast

import numpy as np

from index.backend import Candidates, nearest
from index.errors import ServerError
from index.records import Metadata, text_ids, to_chunk, to_document, to_summary
from index.server import Head, MissingCollectionError, Server, visible
from index.settings import Settings
from index.space import Space
from index.store import DocumentSummary, StoredChunk
from index.types import Document, FloatArray

T = TypeVar("T")

_TRIES = 5  # a writer makes a generation current every some seconds at most


class RemoteBackend:
    """Reads a server; never writes to it."""

    def __init__(self, settings: Settings, check_recipe: Callable[[str], None]) -> None:
        """Connect; ``check_recipe`` raises where the index was made with other settings.

        Raises:
            IndexMissingError: it holds no index.
            ServerError: it cannot be reached.
        """
        self._check_recipe = check_recipe
        self._space: tuple[tuple[str, int], Space] | None = None
        self._server = Server(settings)
        try:
            self._of(self._server.current())
        except BaseException:
            self._server.close()
            raise

    def close(self) -> None:
        """Let go of the connection."""
        self._server.close()

    def _reading(self, read: Callable[[Head], T]) -> T:
        """What ``read`` finds of one generation: where another becomes current meanwhile, it reads once more."""
        head = self._server.current()
        for _ in range(_TRIES):
            missing: MissingCollectionError | None = None
            try:
                found = read(head)
            except MissingCollectionError as error:
                missing = error
            before, head = head, self._server.current()
            if head == before:
                if missing:
                    raise missing
                return found
        raise ServerError(f"the index at {self._server.url} changes faster than it can be read; ask again later")

    def _of(self, head: Head) -> Space:
        """The space of a generation, read when it is first met."""
        known, state = self._space, (head.index, head.generation)
        if known is None or known[0] != state:
            self._check_recipe(head.recipe)
            known = self._space = (state, Space.from_json(json.loads(head.space)))
        return known[1]

    def _records(self, head: Head, source: str | None = None) -> dict[str, Metadata]:
        collection = self._server.collection(head.documents)
        with self._server.faults():
            found = collection.get(where={"source": source} if source is not None else None, include=["metadatas"])
        records = zip(found["ids"], cast("list[Metadata]", found["metadatas"]), strict=True)
        return {number: record for number, record in records if visible(record, head.generation)}

    def documents(self) -> list[DocumentSummary]:
        """All documents, by id."""
        return self._reading(
            lambda head: sorted(map(to_summary, self._records(head).values()), key=lambda item: item.source)
        )

    def document(self, doc_id: str) -> Document | None:
        """A document with its text, or None."""
        return next(iter(self._reading(lambda head: self._document(head, doc_id))), None)

    def _document(self, head: Head, doc_id: str) -> list[Document]:
        return [
            to_document(record, self._text(head, number, cast("int", record["characters"])))
            for number, record in self._records(head, doc_id).items()
        ]

    def _text(self, head: Head, number: str, characters: int) -> str:
        collection = self._server.collection(head.texts)
        parts = []
        for part in text_ids(int(number), characters):
            with self._server.faults():
                found = cast("list[Metadata]", collection.get(ids=[part], include=["metadatas"])["metadatas"])
            parts += [cast("str", record["text"]) for record in found]
        return "".join(parts)

    def files(self) -> dict[str, Path]:
        """None: the files are where the writer is."""
        return {}

    def folders(self) -> list[Path]:
        """None: the folders are where the writer is."""
        return []

    def state(self) -> tuple[str, dict[str, str]]:
        """The recipe, and the documents' digests."""

        def read(head: Head) -> tuple[str, dict[str, str]]:
            records = self._records(head).values()
            return head.recipe, dict(sorted((str(item["source"]), str(item["sha256"])) for item in records))

        return self._reading(read)

    def space(self) -> Space:
        """The space of the generation that was read last: what is placed in it is compared with what was found."""
        known = self._space
        return known[1] if known else self._of(self._server.current())

    def candidates(self, raw: FloatArray, limit: int, languages: Collection[str]) -> Candidates:
        """The nearest chunks, with all that ranking needs, in one request as a rule."""

        def read(head: Head) -> Candidates:
            fair = self._of(head)
            asked = fair.question(raw)
            chunks = self._server.collection(head.chunks)

            def find(wanted: int) -> tuple[list[StoredChunk], int]:
                with self._server.faults():
                    found = chunks.query(query_embeddings=asked[np.newaxis, :], n_results=wanted, include=["metadatas"])
                records = cast("list[list[Metadata]]", found["metadatas"])[0]
                both = list(zip(found["ids"][0], records, strict=True))
                return [to_chunk(*item) for item in both if visible(item[1], head.generation)], len(both)

            return Candidates(asked, fair, nearest(find, limit, languages))

        return self._reading(read)
