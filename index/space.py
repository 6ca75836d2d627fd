"""The space in which questions and passages are compared: fair between the languages of an index.

Two things make a passage's language count as little as can be. The frozen basis (``index.neutral``) takes away the
directions in which languages differ everywhere. What is left of a language's own place in this index, where the mean of
its passages lies from the middle of all languages' means, is taken away too, the more of it the more documents show it:
of one or two the mean tells their subject rather than their language.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from index.neutral import Basis, neutral
from index.types import FloatArray

# Documents of a language at which half of its mean is taken away: 2, 5 and 20 were alike on XQuAD's 60 documents a
# language, and 2 best on five documents in five languages.
HALF_TRUSTED = 2


@dataclass(frozen=True)
class Space:
    """A basis, and the place of each language: tag -> what is taken from its passages, shape (width,)."""

    basis: Basis
    places: Mapping[str, FloatArray]

    @classmethod
    def fit(
        cls, basis: Basis, batches: Iterable[tuple[Sequence[str], FloatArray]], documents: Mapping[str, int]
    ) -> Space:
        """Find the languages' places.

        Args:
            basis: to remove first.
            batches: of all chunks of the index, the languages and the raw vectors (n, width).
            documents: language -> how many documents it has.
        """
        sums: dict[str, FloatArray] = {}
        counts: dict[str, int] = {}
        for languages, raw in batches:
            rows, tags = neutral(raw, basis.rows), np.asarray(languages)
            for language in set(languages):
                mine = rows[tags == language]
                sums[language] = sums.get(language, 0) + mine.sum(axis=0, dtype=np.float64)
                counts[language] = counts.get(language, 0) + len(mine)
        means = {language: sums[language] / counts[language] for language in sorted(sums)}
        middle = np.mean(list(means.values()), axis=0) if means else 0
        return cls(
            basis,
            {
                language: ((mean - middle) * documents[language] / (documents[language] + HALF_TRUSTED)).astype("f4")
                for language, mean in means.items()
            },
        )

    def question(self, raw: FloatArray) -> FloatArray:
        """A question's place: the unit vector (width,) of a raw one; what language it is in is not asked."""
        return neutral(raw, self.basis.rows)

    def passages(self, raw: FloatArray, languages: Sequence[str]) -> FloatArray:
        """Passages' places: unit vectors (n, width) of raw ones, each in the language of the same number."""
        rows = neutral(raw, self.basis.rows)
        nowhere = np.zeros(raw.shape[1], dtype=np.float32)
        moved = rows - np.stack([self.places.get(language, nowhere) for language in languages])
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        placed: FloatArray = np.where(rows.any(axis=1, keepdims=True), moved / np.where(lengths, lengths, 1), 0)
        return placed

    def to_json(self) -> dict[str, object]:
        """A form for JSON."""
        return {
            "fingerprint": self.basis.fingerprint,
            "basis": [_to_text(row) for row in self.basis.rows],
            "places": {language: _to_text(place) for language, place in self.places.items()},
        }

    @classmethod
    def from_json(cls, value: object) -> Space:
        """Read what ``to_json`` gave."""
        parts = cast("dict[str, object]", value)
        rows = [_from_text(row) for row in cast("list[str]", parts["basis"])]
        places = cast("dict[str, str]", parts["places"])
        basis = Basis(np.stack(rows), cast("str", parts["fingerprint"]))
        return cls(basis, {language: _from_text(place) for language, place in places.items()})


def _to_text(vector: FloatArray) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def _from_text(text: str) -> FloatArray:
    return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float32)
