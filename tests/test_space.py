"""The space of an index: what is taken from a language's passages, by how many documents show its place."""

from __future__ import annotations

import json

import numpy as np
import pytest

from index.neutral import Basis
from index.space import HALF_TRUSTED, Space
from index.types import FloatArray

BASIS = Basis(np.array([[0, 0, 0, 1]], dtype=np.float32), "f")


def unit(*numbers: float) -> FloatArray:
    vector = np.array(numbers, dtype=np.float32)
    length: FloatArray = vector / np.linalg.norm(vector)
    return length


ROWS = np.stack([unit(1, 0, 1, 5), unit(1, 1, 0, 5), unit(-1, 0, 1, 0), unit(-1, 1, 0, 0)])
TAGS = ["de", "de", "en", "en"]


def test_the_mean_of_a_language_goes_the_more_of_it_the_more_documents_there_are() -> None:
    few = Space.fit(BASIS, [(TAGS, ROWS)], {"de": HALF_TRUSTED, "en": HALF_TRUSTED})
    many = Space.fit(BASIS, [(TAGS, ROWS)], {"de": 10**9, "en": 10**9})
    side = 1 / np.sqrt(2)  # of either language's mean along the first axis
    assert few.places["de"] == pytest.approx([side / 2, 0, 0, 0], abs=1e-6)
    assert many.places["en"] == pytest.approx([-side, 0, 0, 0], abs=1e-6)


def test_texts_of_two_languages_that_say_the_same_meet() -> None:
    space = Space.fit(BASIS, [(TAGS[:2], ROWS[:2]), (TAGS[2:], ROWS[2:])], {"de": 10**9, "en": 10**9})
    german, english = space.passages(ROWS[[0, 2]], ["de", "en"])
    assert german == pytest.approx(english, abs=1e-5)
    assert np.linalg.norm(german) == pytest.approx(1, abs=1e-5)


def test_an_index_of_one_language_stays_as_the_basis_leaves_it() -> None:
    space = Space.fit(BASIS, [(["de"] * 4, ROWS)], {"de": 100})
    assert not space.places["de"].any()
    assert space.passages(ROWS, ["de"] * 4) @ BASIS.rows[0] == pytest.approx([0] * 4, abs=1e-6)


def test_a_language_that_the_index_does_not_know_is_left_alone() -> None:
    space = Space.fit(BASIS, [(TAGS, ROWS)], {"de": 5, "en": 5})
    assert space.passages(ROWS[:1], ["ja"])[0] == pytest.approx(space.question(ROWS[0]), abs=1e-6)


def test_the_order_of_documents_and_batches_does_not_matter() -> None:
    forth = Space.fit(BASIS, [(TAGS, ROWS)], {"de": 3, "en": 1})
    back = Space.fit(BASIS, [([tag], ROWS[[n]]) for n, tag in reversed(list(enumerate(TAGS)))], {"en": 1, "de": 3})
    assert all(np.allclose(forth.places[tag], back.places[tag], atol=1e-6) for tag in TAGS)


def test_it_survives_json() -> None:
    space = Space.fit(BASIS, [(TAGS, ROWS)], {"de": 3, "en": 1})
    again = Space.from_json(json.loads(json.dumps(space.to_json())))
    assert again.basis.fingerprint == "f"
    assert np.array_equal(again.passages(ROWS, TAGS), space.passages(ROWS, TAGS))


def test_what_has_no_direction_stays_zero() -> None:
    space = Space.fit(BASIS, [(TAGS, ROWS)], {"de": 3, "en": 1})
    assert not space.passages(np.zeros((1, 4), np.float32), ["de"]).any()
    assert not Space.fit(BASIS, [], {}).places
