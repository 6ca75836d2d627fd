from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from index.e5 import E5_MODEL, E5Engine
from index.make_basis import LEAST_MESSAGES, MESSAGES, clean
from index.neutral import BASIS_FILE, frozen_basis, neutral
from index.parallel import DIRECTIONS, load_messages, span
from index.types import FloatArray

QUESTIONS = {
    "en": "When does the library close on Saturdays?",
    "de": "Wann schließt die Bibliothek samstags?",
    "fr": "À quelle heure la bibliothèque ferme-t-elle le samedi ?",
    "zh-Hans": "图书馆星期六几点关门？",
    "ru": "Когда библиотека закрывается по субботам?",
}
ANSWERS = {
    "en": "On Saturdays the reading rooms of the library stay open until four in the afternoon.",
    "de": "Samstags sind die Lesesäle der Bibliothek bis vier Uhr nachmittags geöffnet.",
    "fr": "Le samedi, les salles de lecture de la bibliothèque restent ouvertes jusqu'à seize heures.",
    "zh-Hans": "每逢星期六，图书馆的阅览室开放到下午四点。",
    "ru": "По субботам читальные залы библиотеки открыты до четырёх часов дня.",
}
UNRELATED = {
    "en": "The museum shop opens every day at nine and sells postcards.",
    "de": "Der Museumsladen öffnet täglich um neun und verkauft Postkarten.",
    "fr": "La boutique du musée ouvre tous les jours à neuf heures et vend des cartes postales.",
    "zh-Hans": "博物馆商店每天九点开门，出售明信片。",
    "ru": "Магазин музея открывается ежедневно в девять и продаёт открытки.",
}
NO_BASIS = np.zeros((1, 384), dtype=np.float32)


@pytest.fixture(scope="module")
def model() -> E5Engine:
    return E5Engine()


@pytest.fixture(scope="module")
def vectors(model: E5Engine) -> tuple[FloatArray, FloatArray, FloatArray]:
    return (
        np.stack([model.question(text) for text in QUESTIONS.values()]),
        model.passages(list(ANSWERS.values())),
        model.passages(list(UNRELATED.values())),
    )


def cross_language_wins(vectors: tuple[FloatArray, FloatArray, FloatArray], basis: FloatArray) -> int:
    """Of 20 pairs of languages, in how many the answer in another one beats what is unrelated in the question's own."""
    asked, answers, unrelated = (neutral(rows, basis) for rows in vectors)
    wins = asked @ answers.T > np.sum(asked * unrelated, axis=1)[:, None]
    return int(wins.sum() - wins.trace())


def test_an_answer_in_another_language_beats_what_is_unrelated_in_the_own(
    vectors: tuple[FloatArray, FloatArray, FloatArray],
) -> None:
    assert cross_language_wins(vectors, frozen_basis().rows) == 20


def test_without_the_projection_the_own_language_wins(vectors: tuple[FloatArray, FloatArray, FloatArray]) -> None:
    assert cross_language_wins(vectors, NO_BASIS) < 18


def test_a_sentence_is_nearest_to_its_translations(model: E5Engine) -> None:
    texts = [*ANSWERS.values(), *UNRELATED.values()]
    rows = neutral(model.passages(texts), frozen_basis().rows)
    similarity = rows @ rows.T
    assert similarity[:5, :5].min() > similarity[:5, 5:].max()


def test_rows_are_orthonormal() -> None:
    basis = frozen_basis().rows
    assert basis.dtype == np.float32
    assert np.allclose(basis @ basis.T, np.eye(len(basis)), atol=1e-5)


def test_nothing_of_the_basis_is_left_and_again_changes_nothing(
    vectors: tuple[FloatArray, FloatArray, FloatArray],
) -> None:
    basis = frozen_basis().rows
    once = neutral(vectors[1], basis)
    assert once.dtype == np.float32
    assert np.allclose(np.linalg.norm(once, axis=1), 1, atol=1e-5)
    assert np.abs(once @ basis.T).max() < 1e-5
    assert np.allclose(neutral(once, basis), once, atol=1e-5)


def test_one_vector_is_treated_like_a_row(vectors: tuple[FloatArray, FloatArray, FloatArray]) -> None:
    basis = frozen_basis().rows
    one = neutral(vectors[0][2], basis)
    assert one.shape == (384,)
    assert np.allclose(one, neutral(vectors[0], basis)[2], atol=1e-6)


def test_what_has_no_direction_left_becomes_zero(vectors: tuple[FloatArray, FloatArray, FloatArray]) -> None:
    basis = frozen_basis().rows
    rows = np.stack([np.zeros(384, dtype=np.float32), 3 * basis[0] - basis[5], vectors[1][0]])
    scaled = neutral(rows, basis)
    assert not scaled[:2].any()
    assert np.linalg.norm(scaled[2]) == pytest.approx(1, abs=1e-5)
    assert not neutral(rows[0], basis).any()
    assert neutral(rows[:0], basis).shape == (0, 384)


def test_the_file_agrees_with_what_it_says_of_itself() -> None:
    with files("index").joinpath(BASIS_FILE).open("rb") as file, np.load(file, allow_pickle=False) as archive:
        stored = dict(archive)
    assert stored["basis"].shape == (DIRECTIONS + 1, 384)
    assert np.array_equal(stored["basis"], frozen_basis().rows)
    languages = stored["languages"].tolist()
    assert languages == sorted(set(languages))
    assert {"ar", "de", "es", "fr", "hi", "ja", "ko", "ru", "zh-Hans", "zh-Hant"} <= set(languages)
    assert stored["messages"].shape == (len(languages),)
    assert stored["messages"].min() >= LEAST_MESSAGES
    assert stored["messages"].max() == MESSAGES
    assert str(stored["django"]).startswith("5.")
    assert str(stored["embedder"]) == E5_MODEL
    assert languages == sorted(load_messages())
    assert stored["messages"].tolist() == [len(load_messages()[language]) for language in languages]


def test_the_frozen_basis_is_shared_and_cannot_be_changed_by_accident() -> None:
    assert frozen_basis() is frozen_basis()
    with pytest.raises(ValueError, match="read-only"):
        frozen_basis().rows[0, 0] = 1


def test_the_fingerprint_names_this_basis() -> None:
    assert frozen_basis().fingerprint == "2d1fb0a6379e63a2"  # a new basis makes every index stale: change it knowingly


def test_span_keeps_the_chief_differences_and_adds_what_is_common() -> None:
    x, y, z = np.eye(384)[:3]
    rows = span(np.array([4 * x, -3 * x, 2 * y]), common=x + z, directions=1)
    assert np.allclose(rows, [x, z], atol=1e-6)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("Enter “%(value)s” in <em>all</em> fields.", "Enter in all fields."),
        ("alt. month\x04September", "September"),
        ("Added {name} — it’s 5%% more", "Added — it's 5% more"),
    ],
)
def test_clean_leaves_only_language(message: str, text: str) -> None:
    assert clean(message) == text
