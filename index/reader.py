"""An index, open for reading: questions to evidence, and the documents themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from index.backend import Backend
from index.datadir import find
from index.embedder import Embedder
from index.errors import UsageError
from index.language import detect_language
from index.local import LocalBackend
from index.numbers import numbers
from index.ranking import Candidate, Ranked, rank
from index.recipe import check_recipe, recipe
from index.remote import RemoteBackend
from index.settings import Settings
from index.space import Space
from index.store import DocumentSummary, StoredChunk
from index.types import Document, Evidence, FloatArray, ScoredSentence, Span

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding

CANDIDATES = 64  # chunks whose sentences are looked at; recall at 64 is all but complete, and it costs a millisecond


class Index:
    """Reads an index; safe across threads. What a writer publishes meanwhile is seen from the next call on."""

    def __init__(self, data_dir: Path | None, settings: Settings, embedder: BaseEmbedding | None = None) -> None:
        """Open the index in ``data_dir``, or the one on the Chroma server that the settings name.

        ``embedder`` takes the place of e5 (it must have made the index).

        Raises:
            IndexMissingError: nothing was ever indexed there.
            IndexMismatchError: it was made with other settings.
            DataDirError: it is damaged, or of another version.
            ServerError: the Chroma server cannot be reached or used.
        """
        self._settings = settings
        self.embedder = Embedder(settings, embedder)
        wanted = recipe(settings, self.embedder.name)

        def check(found: str) -> None:
            check_recipe(found, wanted)

        self._backend: Backend
        if settings.chroma:
            self._backend = RemoteBackend(settings, check)
        else:
            self._backend = LocalBackend(data_dir or find(settings.data_dir, Path.cwd()), check)

    @classmethod
    def open(cls, settings: Settings, embedder: BaseEmbedding | None = None) -> Index:
        """Open the index that the settings name, or the nearest ``.polycite`` at or above the working directory."""
        return cls(None, settings, embedder)

    def close(self) -> None:
        """Let go of files and connections."""
        self._backend.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def documents(self) -> list[DocumentSummary]:
        """All documents, by id."""
        return self._backend.documents()

    def folders(self) -> list[Path]:
        """The folders that were indexed; none of an index on a server."""
        return self._backend.folders()

    def files(self) -> dict[str, Path]:
        """Where the file of each document was when it was indexed, by id; none of an index on a server."""
        return self._backend.files()

    def fingerprint(self) -> str:
        """What tells this state of the index from others: a hash of its documents and of what made their vectors."""
        return hashlib.sha256(json.dumps(self._backend.state()).encode()).hexdigest()[:16]

    def document(self, doc_id: str) -> Document | None:
        """A document with its text, or None."""
        return self._backend.document(doc_id)

    def search(self, question: str, k: int, languages: Collection[str] = ()) -> list[Evidence]:
        """Find the ``k`` chunks that most likely answer ``question``, best first, whatever language they are in.

        See ``index.ranking`` for what makes a score. ``languages`` (BCP 47 tags) leaves out chunks of other languages.

        Raises:
            UsageError: the question is empty, longer than ``max_question_chars``, or not text.
            IndexBusyError, DataDirError: Chroma's folder is damaged and cannot be built again now.
            ServerError: the Chroma server cannot be reached or used.
        """
        self._accept(question)
        raw = self.embedder.question(question)
        near = self._backend.candidates(raw, max(CANDIDATES, k), frozenset(languages))
        wanted = numbers(question, detect_language(question))
        ranked = rank(near.asked, wanted, [_candidate(chunk, near.space, bool(wanted)) for chunk in near.chunks], k)
        return [_evidence(near.chunks[item.candidate], item) for item in ranked]

    def place(self, text: str) -> FloatArray:
        """Where a short text, a word even, lies in the language-neutral space: a unit vector (width,)."""
        return self._backend.space().question(self.embedder.question(text))

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
