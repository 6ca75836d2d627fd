"""A basis for any embedder, learned from parallel text: interface messages in 85 languages, a file beside this module.

For each language, the mean difference between its messages and the same messages in English is one row; the rows, cut
by SVD, span the directions in which languages differ. The mean of the English messages is added: it is what all texts
have in common. The messages are Django's (BSD licence); ``index.make_basis`` chose them.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import cast

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from index.neutral import Basis
from index.types import FloatArray

MESSAGES_FILE = "parallel.json.gz"
# Weights by language changed little, and 24 to 40 directions are alike; declarations of human rights in 95 languages
# instead of the messages, or beside them, measured no better.
DIRECTIONS = 28
_WIDTH_A_DIRECTION = 8  # a narrow embedder must not lose all it has to say

Catalogue = dict[str, str]  # English message -> translation


@cache
def load_messages() -> dict[str, Catalogue]:
    """The messages by language."""
    return cast("dict[str, Catalogue]", json.loads(gzip.decompress(_file())))


@cache
def fingerprint(embedder: str) -> str:
    """16 hex digits that change when the basis of an embedder of this name would."""
    return hashlib.sha256(b"%d\0%s\0" % (DIRECTIONS, embedder.encode()) + gzip.decompress(_file())).hexdigest()[:16]


def learn_basis(embed: Callable[[list[str]], FloatArray], name: str) -> Basis:
    """Embed the messages, some thousand short texts, and find the basis of vectors that go by ``name``.

    Args:
        embed: texts to unit rows (n, width).
        name: what the vectors go by.
    """
    catalogues = load_messages()
    english = sorted({key for catalogue in catalogues.values() for key in catalogue})
    vectors = dict(zip(english, embed(english).astype(np.float64), strict=True))
    originals = np.array([np.mean([vectors[key] for key in catalogue], axis=0) for catalogue in catalogues.values()])
    translations = np.array(
        [
            embed(list(catalogue.values())).mean(axis=0, dtype=np.float64)
            for catalogue in tqdm(catalogues.values(), "Learning the languages", disable=None, leave=False)
        ]
    )
    common = originals.mean(axis=0)
    directions = min(DIRECTIONS, len(common) // _WIDTH_A_DIRECTION)
    return Basis(span(translations - originals, common, directions), fingerprint(name))


def span(differences: NDArray[np.float64], common: NDArray[np.float64], directions: int) -> FloatArray:
    """Orthonormal rows: the chief ``directions`` of the rows of ``differences``, then what ``common`` adds to them.

    Args:
        differences: one row per language, shape (languages, width).
        common: shape (width,).
        directions: how many to keep of the differences.

    Returns:
        Shape (directions + 1, width).
    """
    chief = np.linalg.svd(differences, full_matrices=False)[2][:directions]
    chief *= np.sign(np.take_along_axis(chief, np.abs(chief).argmax(axis=1)[:, None], axis=1))  # the SVD leaves it open
    rest = common - (common @ chief.T) @ chief
    return np.vstack([chief, rest / np.linalg.norm(rest)]).astype(np.float32)


@cache
def _file() -> bytes:
    return files(__package__).joinpath(MESSAGES_FILE).read_bytes()
