"""The score of a candidate, worked out by hand on vectors of three numbers."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from index.ranking import COMMON_SHARE, NUMBER_WEIGHT, REPEAT_WEIGHT, SENTENCE_WEIGHT, Candidate, rank
from index.types import FloatArray

X, Y, Z = np.eye(3, dtype=np.float32)
NONE: frozenset[Decimal] = frozenset()


def candidate(chunk: FloatArray, *sentences: FloatArray, numbers: frozenset[Decimal] = NONE) -> Candidate:
    return Candidate(chunk, np.stack(sentences or (chunk,)), numbers)


def test_chunk_and_best_sentence_are_joined() -> None:
    (only,) = rank(X, NONE, [candidate(Y, X, Y)], 5)
    # The mean of the sentences is (½, ½, 0), so the aim is (1 - ½s, -½s, 0), raised by ½s.
    assert only.sentences == pytest.approx([1.0, 0.0])
    assert only.score == pytest.approx(SENTENCE_WEIGHT * 1.0 + (1 - SENTENCE_WEIGHT) * 0.0)


def test_what_all_candidates_share_tells_none_from_another() -> None:
    """Both are as near to the question; one is near because it is near to everything here."""
    asked = (X + Y) / np.sqrt(2, dtype=np.float32)
    crowd = [candidate(X) for _ in range(4)]
    order = rank(asked, NONE, [*crowd, candidate(Y)], 5)
    assert order[0].candidate == 4
    # Of the mean (4/5, 1/5, 0), a share s goes: 1/√2 - s/5 + s · 17/25.
    assert order[0].score == pytest.approx(np.sqrt(0.5) - COMMON_SHARE / 5 + COMMON_SHARE * 17 / 25)


def test_a_number_that_only_one_names_speaks_for_it() -> None:
    many, one = Decimal(2024), Decimal(350_000)
    pool = [candidate(X, numbers=frozenset({many})) for _ in range(3)] + [candidate(X, numbers=frozenset({many, one}))]
    order = rank(X, frozenset({many, one}), pool, 1)
    assert order[0].candidate == 3
    assert order[0].score == pytest.approx(1.0 + NUMBER_WEIGHT)
    assert rank(X, NONE, pool, 1)[0].score == pytest.approx(1.0)


def test_a_repetition_gives_way_to_what_is_new() -> None:
    """Two copies and a third that is worth almost as much: by their scores alone the copies would stand together."""
    asked = np.array([0.8, 0.6, 0.0], dtype=np.float32)
    almost = np.array([0.27, np.sqrt(1 - 0.27**2), 0.0], dtype=np.float32)
    pool = [candidate(X), candidate(X), candidate(almost), *(candidate(0 * X) for _ in range(50))]
    order = rank(asked, NONE, pool, 3)
    assert [item.candidate for item in order] == [0, 2, 1]
    assert order[2].score == pytest.approx(order[0].score - REPEAT_WEIGHT)
    assert order[0].score > order[1].score > order[2].score


def test_no_candidates_and_fewer_than_asked_for() -> None:
    assert rank(X, NONE, [], 3) == []
    assert len(rank(X, NONE, [candidate(X), candidate(Y)], 9)) == 2
