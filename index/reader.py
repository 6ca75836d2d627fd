"""An index, open for reading: questions to evidence, and the documents themselves."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, cast

import numpy as np

from index.datadir import find, storage_faults
from index.errors import IndexMismatchError, IndexMissingError, PolyciteError, UsageError, VectorsDamagedError
from index.neutral import basis_fingerprint, load_basis, neutral
from index.publish import manifest, mend
from index.recipe import check_recipe, recipe
from index.settings import Settings
from index.store import DocumentSummary, Store, StoredChunk
from index.types import Document, Evidence, FloatArray, ScoredSentence, Span
from index.vectors import VectorSearch, generation_folder

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding

CANDIDATES = 64  # chunks whose sentences are looked at; recall at 64 is all but complete, and it costs a millisecond
SENTENCE_WEIGHT = 0.6


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
        self._given = embedder
        self._lock = threading.RLock()
        self._searches: tuple[int, VectorSearch] | None = None
        with storage_faults(data_dir):
            self._store = Store.open(data_dir)
        try:
            if not self._store.generation:
                raise IndexMissingError(
                    f"nothing is indexed in {data_dir} yet; run 'polycite index FOLDER --data-dir {data_dir}'"
                )
            check_recipe(cast("str", self._store.meta("recipe")), recipe(settings, embedder))
            if self._store.meta("basis") != basis_fingerprint():
                raise IndexMismatchError(
                    "the index was made with another language basis; run 'polycite index FOLDER', which embeds nothing"
                )
        except BaseException:
            self._store.close()
            raise

    @classmethod
    def open(cls, settings: Settings, embedder: BaseEmbedding | None = None) -> Index:
        """Open the index that the settings name, or the nearest ``.polycite`` at or above the working directory."""
        return cls(find(settings.data_dir, Path.cwd()), settings, embedder)

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            if self._searches:
                self._searches[1].close()
                self._searches = None
            self._store.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def embedder(self) -> BaseEmbedding:
        """What turns a question into a vector."""
        if self._given is not None:
            return self._given
        from index.embedding import E5Embedding  # two seconds of imports, only when a question comes

        return E5Embedding()

    def documents(self) -> list[DocumentSummary]:
        """All documents, by id."""
        with self._lock, storage_faults(self.data_dir):
            return self._store.summaries()

    def document(self, doc_id: str) -> Document | None:
        """A document with its text, or None."""
        with self._lock, storage_faults(self.data_dir):
            return self._store.document(doc_id)

    def search(self, question: str, k: int) -> list[Evidence]:
        """Find the ``k`` chunks that most likely answer ``question``, best first, whatever language they are in.

        A chunk's score joins its own similarity with that of its best sentence, both without the language's share.

        Raises:
            UsageError: the question is empty, longer than ``max_question_chars``, or not text.
            IndexBusyError, DataDirError: Chroma's folder is damaged and cannot be built again now.
        """
        self._accept(question)
        asked = neutral(np.asarray(self.embedder.get_query_embedding(question), dtype=np.float32), load_basis())
        nearest, chunks = self._sound_candidates(asked, max(CANDIDATES, k))
        evidence = [_evidence(chunk, nearest[chunk.id], asked) for chunk in chunks]
        return sorted(evidence, key=lambda item: -item.score)[:k]

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

    def _sound_candidates(self, asked: FloatArray, limit: int) -> tuple[dict[int, float], list[StoredChunk]]:
        """The candidates, from a generation that is built again if it is damaged."""
        with suppress(VectorsDamagedError):
            return self._candidates(asked, limit)
        try:
            # Two generations may have been published between reading the number of one and opening it: look once more.
            return self._candidates(asked, limit)
        except VectorsDamagedError as damage:
            fault = str(damage).partition(";")[0]
        try:
            mend(self.data_dir)
        except PolyciteError as error:
            raise type(error)(f"{fault} and cannot be built again now: {error}") from error
        return self._candidates(asked, limit)

    def _candidates(self, asked: FloatArray, limit: int) -> tuple[dict[int, float], list[StoredChunk]]:
        with self._lock, storage_faults(self.data_dir), self._store.transaction():
            nearest = dict(self._search().nearest(asked, limit))
            return nearest, self._store.chunks(list(nearest))

    def _search(self) -> VectorSearch:
        generation = self._store.generation
        if self._searches is None or self._searches[0] != generation:
            fresh = VectorSearch(generation_folder(self.data_dir, generation), manifest(self._store))
            if self._searches:
                self._searches[1].close()
            self._searches = generation, fresh
        return self._searches[1]


def _evidence(chunk: StoredChunk, similarity: float, asked: FloatArray) -> Evidence:
    scores = neutral(chunk.sentence_vectors, load_basis()) @ asked
    sentences = [
        ScoredSentence(span, text, float(score)) for (span, text), score in zip(chunk.sentences, scores, strict=True)
    ]
    sentences.sort(key=lambda sentence: -sentence.score)
    joined = (1 - SENTENCE_WEIGHT) * similarity + SENTENCE_WEIGHT * sentences[0].score
    return Evidence(
        chunk.source, chunk.language, Span(chunk.start, chunk.end), chunk.text, chunk.tokens, joined, tuple(sentences)
    )
