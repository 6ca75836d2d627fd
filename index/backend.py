"""Where an index is read from: the data directory of this machine, or a Chroma server that many machines share."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from index.space import Space
from index.store import DocumentSummary, StoredChunk
from index.types import Document, FloatArray


@dataclass(frozen=True, slots=True)
class Candidates:
    """The chunks nearest to a question, nearest first, and the space in which they are to be compared.

    Attributes:
        asked: the question's unit vector in that space, shape (width,).
    """

    asked: FloatArray
    space: Space
    chunks: list[StoredChunk]


class Backend(Protocol):
    """Reads what a writer published last; every answer is of one generation. Safe across threads."""

    def documents(self) -> list[DocumentSummary]:
        """All documents, by id."""

    def document(self, doc_id: str) -> Document | None:
        """A document with its text, or None."""

    def files(self) -> dict[str, Path]:
        """Where on this machine the file of each document was, by id; none where that is not known."""

    def folders(self) -> list[Path]:
        """The folders of this machine that were indexed."""

    def state(self) -> tuple[str, dict[str, str]]:
        """The recipe of the vectors, and of each document, by id, the sha256 of its file."""

    def space(self) -> Space:
        """The space in which questions and passages are compared."""

    def candidates(self, raw: FloatArray, limit: int, languages: Collection[str]) -> Candidates:
        """The ``limit`` chunks nearest to a question's raw vector (width,), in these languages (none: in any)."""

    def close(self) -> None:
        """Let go of files and connections."""


def nearest(
    find: Callable[[int], tuple[list[StoredChunk], int]], limit: int, languages: Collection[str]
) -> list[StoredChunk]:
    """The nearest ``limit`` chunks in these languages (none: in any), looked for ever further away.

    ``find`` gives the readable ones of the nearest so many, and how many it looked at.
    """
    looked_at = limit
    while True:
        found, seen = find(looked_at)
        chunks = [chunk for chunk in found if not languages or chunk.language in languages]
        if len(chunks) >= limit or seen < looked_at:
            return chunks[:limit]
        looked_at *= 4
