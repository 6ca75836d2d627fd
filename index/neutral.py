"""Language-neutral vectors: the directions in which languages differ are projected out of questions and passages alike.

A multilingual embedder places a text by what it says and by its language, so a question is drawn to passages in its own
language. The language's share lies in few directions, much the same whatever the text: removing them (Libovický, Rosa
and Fraser 2020, "On the Language Neutrality of Pre-trained Multilingual Representations"; Yang et al. 2021, "A Simple
and Effective Method to Eliminate the Self Language Bias in Multilingual Representations") makes similarities
comparable between languages. The direction that all texts share goes too (Mu and Viswanath 2018, "All-but-the-Top").

The basis of e5 is frozen, a file beside this module: it does not depend on the documents, so vectors stay valid
whatever documents come and go. ``index.make_basis`` makes it; ``index.parallel`` learns that of another embedder.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from index.types import FloatArray

BASIS_FILE = "basis.npz"
_NOTHING_LEFT = 1e-5  # share of a vector's length below which what is left is rounding error


@dataclass(frozen=True)
class Basis:
    """The directions to remove: orthonormal rows, shape (d, width); vectors made with another one must not be mixed."""

    rows: FloatArray
    fingerprint: str


@cache
def frozen_basis() -> Basis:
    """The basis of e5."""
    with files(__package__).joinpath(BASIS_FILE).open("rb") as file, np.load(file, allow_pickle=False) as archive:
        rows: FloatArray = archive["basis"]
    rows.setflags(write=False)
    return Basis(rows, hashlib.sha256(rows.astype("<f4").tobytes()).hexdigest()[:16])


def neutral(vectors: FloatArray, basis: FloatArray) -> FloatArray:
    """Remove the span of ``basis`` from each vector and scale what is left to length 1.

    Args:
        vectors: shape (n, width) or (width,).
        basis: orthonormal rows, shape (d, width).

    Returns:
        The same shape. A vector that is zero, or lies in the span, becomes zero.
    """
    rest = vectors - (vectors @ basis.T) @ basis
    length = np.linalg.norm(rest, axis=-1, keepdims=True)
    kept = length > _NOTHING_LEFT * np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: FloatArray = np.where(kept, rest / np.where(kept, length, 1), 0).astype(np.float32)
    return scaled
