"""Reading from a data directory: SQLite for the texts and the raw vectors, a folder of Chroma's for the search."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from index.backend import Candidates, nearest
from index.datadir import storage_faults
from index.errors import IndexMissingError, PolyciteError, VectorsDamagedError
from index.publish import manifest, mend, space
from index.space import Space
from index.store import DocumentSummary, Store, StoredChunk
from index.types import Document, FloatArray
from index.vectors import VectorSearch, generation_folder


class LocalBackend:
    """Reads a data directory; what a writer publishes meanwhile is seen from the next call on."""

    def __init__(self, data_dir: Path, check_recipe: Callable[[str], None]) -> None:
        """Open it; ``check_recipe`` raises where the index was made with other settings.

        Raises:
            IndexMissingError: nothing was ever indexed there.
            DataDirError: it is damaged, or of another version.
        """
        self._data_dir = data_dir
        self._check_recipe = check_recipe
        self._lock = threading.RLock()
        self._opened: _Generation | None = None
        with storage_faults(data_dir):
            self._store = self._open_store()

    def _open_store(self) -> Store:
        store = Store.open(self._data_dir)
        try:
            if not store.generation:
                raise IndexMissingError(
                    f"nothing is indexed in {self._data_dir} yet; "
                    f"run 'polycite index FOLDER --data-dir {self._data_dir}'"
                )
            self._check_recipe(cast("str", store.meta("recipe")))
        except BaseException:
            store.close()
            raise
        return store

    @contextmanager
    def _reading(self) -> Iterator[Store]:
        """The store, for one thread at a time; opened again where another file took its place."""
        with self._lock, storage_faults(self._data_dir):
            if self._store.is_outdated(self._data_dir):
                fresh = self._open_store()
                self._store.close()
                self._store = fresh
                self._let_go()
            yield self._store

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._let_go()
            self._store.close()

    def _let_go(self) -> None:
        if self._opened:
            self._opened.vectors.close()
            self._opened = None

    def documents(self) -> list[DocumentSummary]:
        """All documents, by id."""
        with self._reading() as store:
            return store.summaries()

    def document(self, doc_id: str) -> Document | None:
        """A document with its text, or None."""
        with self._reading() as store:
            return store.document(doc_id)

    def folders(self) -> list[Path]:
        """The folders that were indexed."""
        with self._reading() as store:
            return [(self._data_dir / path).resolve() for path in store.folders()]

    def files(self) -> dict[str, Path]:
        """Where the file of each document was when it was indexed, by id."""
        with self._reading() as store:
            folders = {prefix: (self._data_dir / path).resolve() for path, prefix in store.folders().items()}
            return {
                item.source: folders[item.prefix] / item.source.removeprefix(item.prefix)
                for item in store.summaries()
                if item.prefix in folders
            }

    def state(self) -> tuple[str, dict[str, str]]:
        """The recipe, and the documents' digests."""
        with self._reading() as store, store.transaction():
            return cast("str", store.meta("recipe")), store.digests()

    def space(self) -> Space:
        """The space of the current generation."""
        with self._reading() as store, store.transaction():
            return self._current(store).space

    def candidates(self, raw: FloatArray, limit: int, languages: Collection[str]) -> Candidates:
        """The nearest chunks, from a generation that is built again if it is damaged.

        Raises:
            IndexBusyError, DataDirError: Chroma's folder is damaged and cannot be built again now.
        """
        with suppress(VectorsDamagedError):
            return self._candidates(raw, limit, languages)
        try:
            # Two generations may have been published between reading the number of one and opening it: look once more.
            return self._candidates(raw, limit, languages)
        except VectorsDamagedError as damage:
            fault = str(damage).partition(";")[0]
        try:
            mend(self._data_dir)
        except PolyciteError as error:
            raise type(error)(f"{fault} and cannot be built again now: {error}") from error
        return self._candidates(raw, limit, languages)

    def _candidates(self, raw: FloatArray, limit: int, languages: Collection[str]) -> Candidates:
        with self._reading() as store, store.transaction():
            opened = self._current(store)
            asked = opened.space.question(raw)

            def find(wanted: int) -> tuple[list[StoredChunk], int]:
                ids = opened.vectors.nearest(asked, wanted)
                return store.chunks(ids), len(ids)

            chunks = nearest(find, limit, languages)
            if store.is_outdated(self._data_dir):
                raise VectorsDamagedError(f"{self._data_dir} changed while it was read; ask again")
            return Candidates(asked, opened.space, chunks)

    def _current(self, store: Store) -> _Generation:
        number = store.generation
        if self._opened is None or self._opened.number != number:
            folder = generation_folder(self._data_dir, number)
            fresh = _Generation(number, space(store), VectorSearch(folder, manifest(store)))
            self._let_go()
            self._opened = fresh
        return self._opened


@dataclass(frozen=True, slots=True)
class _Generation:
    number: int
    space: Space
    vectors: VectorSearch
