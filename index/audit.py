"""What must hold in the SQLite file, checked row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import cast

import numpy as np

from index.store import CURRENT, UNUSED, Store, content_key, unpack

_UNIT = 0.02  # how far from 1 half precision may take a vector's length
_Row = tuple[int, int, bytes]  # start, end, key of the vector
_ChunkRow = tuple[int, int, int, int, bytes, str]  # first, last, start, end, key of the vector, text

_NEEDED = " UNION ".join(
    f"SELECT {part}.vector FROM {part} JOIN documents ON documents.id = {part}.document WHERE {CURRENT}"
    for part in ("sentences", "chunks")
)


class Audit(Store):
    """A store that is asked whether it is sound. Each check gives the first fault, or None."""

    READING = "ro"  # else SQLite would tidy up: delete the log of a damaged file

    def structure(self) -> str | None:
        """Whether SQLite can read every page, and every reference leads somewhere."""
        found: str = self._db.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            return found
        row = self._db.execute("PRAGMA foreign_key_check").fetchone()
        return f"a row of {row[0]} refers to one of {row[2]} that is gone" if row else None

    def documents(self) -> str | None:
        """Whether sentences and chunks lie in their texts, whole and in order, each with the vector of its words."""
        name = str(json.loads(cast("str", self.meta("recipe") or "{}")).get("embedder"))
        rows = self._db.execute(f"SELECT id, source, text FROM documents WHERE {CURRENT}", self._now())
        for row, source, text in rows:
            fault = next(_faults(text, self._sentences(row), self._chunks(row), name), None)
            if fault:
                return f"{source}: {fault}"
        return None

    def _sentences(self, document: int) -> list[_Row]:
        return self._db.execute(
            'SELECT start, "end", key FROM sentences LEFT JOIN vectors ON vectors.id = sentences.vector '
            "WHERE document = ? ORDER BY ordinal",
            (document,),
        ).fetchall()

    def _chunks(self, document: int) -> list[_ChunkRow]:
        return self._db.execute(
            'SELECT first, last, start, "end", key, text FROM chunks LEFT JOIN vectors ON vectors.id = chunks.vector '
            "WHERE document = ? ORDER BY first",
            (document,),
        ).fetchall()

    def raw_vectors(self) -> str | None:
        """Whether all vectors in use are finite, of one width and of length 1 (or 0, of a text that says nothing)."""
        width = None
        for number, blob in self._db.execute(f"SELECT id, vector FROM vectors WHERE id IN ({_NEEDED})", self._now()):
            width = width or len(blob)
            if len(blob) != width or width % 2:
                return f"vector {number} has {len(blob) // 2} numbers, others have {width // 2}"
            length = float(np.linalg.norm(unpack(blob)))
            if not (length == 0 or abs(length - 1) < _UNIT):  # not true of what is not finite
                return f"vector {number} is not of length 1"
        return None

    def leftovers(self) -> str | None:
        """Documents that no generation holds and vectors that no text needs."""
        documents = self._count(
            "SELECT count(*) FROM documents WHERE added > :generation OR removed IS NOT NULL", self._now()
        )
        vectors = self._count(f"SELECT count(*) FROM vectors WHERE {UNUSED}", {})
        return f"{documents:,} documents and {vectors:,} vectors are not in use" if documents or vectors else None

    def _now(self) -> dict[str, int]:
        return {"generation": self.generation}

    def _count(self, query: str, values: dict[str, int]) -> int:
        return int(self._db.execute(query, values).fetchone()[0])

    def soundness(self) -> str | None:
        """The first fault of all that is checked here, without leftovers, which do no harm."""
        return self.structure() or self.documents() or self.raw_vectors()


def _faults(text: str, sentences: list[_Row], chunks: list[_ChunkRow], embedder: str) -> Iterator[str]:
    bounds = [(0, 0), *((start, end) for start, end, _ in sentences), (len(text), len(text))]
    if any(end > start for (_, end), (start, _) in pairwise(bounds)) or not sentences:
        yield "its sentences are not in order, or not within the text"
    for start, end, key in sentences:
        if start >= end or key != content_key(embedder, text[start:end]):
            yield f"the sentence at {start} has no vector of its own"
    if [chunk[0] for chunk in chunks] != [0, *(chunk[1] + 1 for chunk in chunks[:-1])]:
        yield "its chunks do not follow each other"
    if not chunks or chunks[-1][1] != len(sentences) - 1:
        yield "its last sentence is in no chunk"
    for first, last, start, end, key, words in chunks:
        if not (first <= last < len(sentences) and (start, end) == (sentences[first][0], sentences[last][1])):
            yield f"the chunk at {start} does not hold whole sentences"
        if words != text[start:end] or key != content_key(embedder, words):
            yield f"the chunk at {start} has other words than the text, or no vector of its own"
