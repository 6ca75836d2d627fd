"""What flows through the index: Document -> Sentence -> Chunk -> Evidence. Offsets count code points of the text."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of a document's text: ``text[start:end]``."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The words that the span covers."""
        return text[self.start : self.end]


class Sentence(Span):
    """A sentence, without the white space around it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Chunk(Span):
    """Whole sentences in a row; ``first`` and ``last`` are the ordinals of the sentences, ``tokens`` the embedder's."""

    first: int
    last: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Document:
    """A text with the name it goes by.

    Attributes:
        id: path inside the indexed folder, with ``/``; never a path of the machine.
        text: the decoded text that all offsets count in.
        language: BCP 47 tag.
        sha256: hex digest of the file's bytes.
        read_as: how they were read: an encoding, ``pdf``, ``docx``, or ``html, ENCODING``.
        pages: where each page begins in the text; none for what has no pages.
    """

    id: str
    text: str
    language: str
    sha256: str
    read_as: str = "utf-8"
    pages: tuple[int, ...] = ()

    def page(self, offset: int) -> int | None:
        """Number of the page, from 1, that an offset lies on; None where there are no pages."""
        return bisect_right(self.pages, offset) or None


@dataclass(frozen=True, slots=True)
class ScoredSentence:
    """A sentence of some evidence, with its similarity to the question (-1 to 1)."""

    span: Sentence
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """A chunk that may answer the question: the embedder's tokens, the joined score (-1 to 1), sentences best first."""

    source: str
    language: str
    span: Span
    text: str
    tokens: int
    score: float
    sentences: tuple[ScoredSentence, ...]
