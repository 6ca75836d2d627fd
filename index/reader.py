"""An index, open for reading: questions to evidence, and the documents themselves."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, cast

import numpy as np

from index.datadir import find, storage_faults
from index.embedder import Embedder
from index.errors import IndexMissingError, PolyciteError, UsageError, VectorsDamagedError
from index.language import detect_language
from index.numbers import numbers
from index.publish import manifest, mend, space
from index.ranking import Candidate, Ranked, rank
from index.recipe import check_recipe, recipe
from index.settings import Settings
from index.space import Space
from index.store import DocumentSummary, Store, StoredChunk
from index.types import Document, Evidence, FloatArray, ScoredSentence, Span
from index.vectors import VectorSearch, generation_folder

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding

CANDIDATES = 64  # chunks whose sentences are looked at; recall at 64 is all but complete, and it costs a millisecond


class Index:
    """Reads an index; safe across threads. What a writer publishes meanwhile is seen from the next call on."""

    def __init__(self, data_dir: Path, settings: Settings, embedder: BaseEmbedding | None = None) -> None:
        """Open the index in ``data_dir``; ``embedder`` takes the place of e5 (it must have made the index).

        Raises:
            IndexMissingError: nothing was ever indexed there.
            IndexMismatchError: it was made with other settings.
            DataDirError: it is damaged, or of another version.
        """
        self.data_dir = data_dir
        self._settings = settings
        self.embedder = Embedder(settings, embedder)
        self._lock = threading.RLock()
        self._opened: _Generation | None = None
        with storage_faults(data_dir):
            self._store = self._open_store()

    def _open_store(self) -> Store:
        store = Store.open(self.data_dir)
        try:
            if not store.generation:
                raise IndexMissingError(
                    f"nothing is indexed in {self.data_dir} yet; run 'polycite index FOLDER --data-dir {self.data_dir}'"
                )
            check_recipe(cast("str", store.meta("recipe")), recipe(self._settings, self.embedder.name))
        except BaseException:
            store.close()
            raise
        return store

    @contextmanager
    def _reading(self) -> Iterator[Store]:
        """The store, for one thread at a time; opened again where SQLite would not see that it changed."""
        with self._lock, storage_faults(self.data_dir):
            if self._store.is_outdated(self.data_dir):
                self._store.close()
                self._store = self._open_store()
            yield self._store

    @classmethod
    def open(cls, settings: Settings, embedder: BaseEmbedding | None = None) -> Index:
        """Open the index that the settings name, or the nearest ``.polycite`` at or above the working directory."""
        return cls(find(settings.data_dir, Path.cwd()), settings, embedder)

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            if self._opened:
                self._opened.vectors.close()
                self._opened = None
            self._store.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def documents(self) -> list[DocumentSummary]:
        """All documents, by id."""
        with self._reading() as store:
            return store.summaries()

    def folders(self) -> list[Path]:
        """The folders that were indexed."""
        with self._reading() as store:
            return [(self.data_dir / path).resolve() for path in store.folders()]

    def files(self) -> dict[str, Path]:
        """Where the file of each document was when it was indexed, by id."""
        with self._reading() as store:
            folders = {prefix: (self.data_dir / path).resolve() for path, prefix in store.folders().items()}
            return {
                item.source: folders[item.prefix] / item.source.removeprefix(item.prefix)
                for item in store.summaries()
                if item.prefix in folders
            }

    def fingerprint(self) -> str:
        """What tells this state of the index from others: a hash of its documents and of what made their vectors."""
        with self._reading() as store:
            state = json.dumps([store.meta("recipe"), store.digests()])
        return hashlib.sha256(state.encode()).hexdigest()[:16]

    def document(self, doc_id: str) -> Document | None:
        """A document with its text, or None."""
        with self._reading() as store:
            return store.document(doc_id)

    def search(self, question: str, k: int, languages: Collection[str] = ()) -> list[Evidence]:
        """Find the ``k`` chunks that most likely answer ``question``, best first, whatever language they are in.

        See ``index.ranking`` for what makes a score. ``languages`` (BCP 47 tags) leaves out chunks of other languages.

        Raises:
            UsageError: the question is empty, longer than ``max_question_chars``, or not text.
            IndexBusyError, DataDirError: Chroma's folder is damaged and cannot be built again now.
        """
        self._accept(question)
        raw = self.embedder.question(question)
        asked, fair, chunks = self._sound_candidates(raw, max(CANDIDATES, k), frozenset(languages))
        wanted = numbers(question, detect_language(question))
        ranked = rank(asked, wanted, [_candidate(chunk, fair, bool(wanted)) for chunk in chunks], k)
        return [_evidence(chunks[item.candidate], item) for item in ranked]

    def place(self, text: str) -> FloatArray:
        """Where a short text, a word even, lies in the language-neutral space: a unit vector (width,)."""
        raw = self.embedder.question(text)
        with self._reading() as store, store.transaction():
            return self._current(store).space.question(raw)

    def _accept(self, question: str) -> None:
        limit = self._settings.max_question_chars
        if not question.strip():
            raise UsageError("the question is empty; ask something, such as 'Who met whom?'")
        if len(question) > limit:
            raise UsageError(
                f"the question has {len(question):,} characters, over max_question_chars = {limit:,}; shorten it"
            )
        if any("\ud800" <= character <= "\udfff" for character in question):
            raise UsageError("the question is not valid UTF-8; check the terminal's encoding")

    def _sound_candidates(
        self, raw: FloatArray, limit: int, languages: frozenset[str]
    ) -> tuple[FloatArray, Space, list[StoredChunk]]:
        """The candidates, from a generation that is built again if it is damaged."""
        with suppress(VectorsDamagedError):
            return self._candidates(raw, limit, languages)
        try:
            # Two generations may have been published between reading the number of one and opening it: look once more.
            return self._candidates(raw, limit, languages)
        except VectorsDamagedError as damage:
            fault = str(damage).partition(";")[0]
        try:
            mend(self.data_dir)
        except PolyciteError as error:
            raise type(error)(f"{fault} and cannot be built again now: {error}") from error
        return self._candidates(raw, limit, languages)

    def _candidates(
        self, raw: FloatArray, limit: int, languages: frozenset[str]
    ) -> tuple[FloatArray, Space, list[StoredChunk]]:
        with self._reading() as store, store.transaction():
            opened = self._current(store)
            asked = opened.space.question(raw)
            chunks = _nearest(store, opened.vectors, asked, limit, languages)
            if store.is_outdated(self.data_dir):
                raise VectorsDamagedError(f"{self.data_dir} changed while it was read; ask again")
            return asked, opened.space, chunks

    def _current(self, store: Store) -> _Generation:
        number = store.generation
        if self._opened is None or self._opened.number != number:
            folder = generation_folder(self.data_dir, number)
            fresh = _Generation(number, space(store), VectorSearch(folder, manifest(store)))
            if self._opened:
                self._opened.vectors.close()
            self._opened = fresh
        return self._opened


@dataclass(frozen=True, slots=True)
class _Generation:
    number: int
    space: Space
    vectors: VectorSearch


def _nearest(
    store: Store, vectors: VectorSearch, asked: FloatArray, limit: int, languages: frozenset[str]
) -> list[StoredChunk]:
    """The nearest chunks in these languages (none: in any), looked for ever further away."""
    looked_at = limit
    while True:
        ids = vectors.nearest(asked, looked_at)
        chunks = [chunk for chunk in store.chunks(ids) if not languages or chunk.language in languages]
        if not languages or len(chunks) >= limit or len(ids) < looked_at:
            return chunks[:limit]
        looked_at *= 4


def _candidate(chunk: StoredChunk, fair: Space, with_numbers: bool) -> Candidate:
    rows = np.vstack([chunk.vector, chunk.sentence_vectors])
    placed = fair.passages(rows, [chunk.language] * len(rows))
    named = numbers(chunk.text, chunk.language) if with_numbers else frozenset[Decimal]()
    return Candidate(placed[0], placed[1:], named)


def _evidence(chunk: StoredChunk, ranked: Ranked) -> Evidence:
    sentences = [
        ScoredSentence(span, text, float(score))
        for (span, text), score in zip(chunk.sentences, ranked.sentences, strict=True)
    ]
    sentences.sort(key=lambda sentence: -sentence.score)
    return Evidence(
        *(chunk.source, chunk.language, Span(chunk.start, chunk.end), chunk.text, chunk.tokens),
        ranked.score,
        tuple(sentences),
    )
