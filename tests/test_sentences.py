from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from index.sentences import MAX_CHARS, split_sentences
from tests.conftest import CORPUS


def cut(text: str, language: str) -> list[str]:
    return [sentence.of(text) for sentence in split_sentences(text, language)]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("zh-Hans", ["他走了。", "真的！", "为什么？", "好……", "是的。"]),
        ("zh-Hant", ["他說：「很好。」", "然後走了。"]),
        ("zh-Hant", ["「走吧。」，他說。"]),
        ("zh-Hans", ["他说：“很好。", "真的！”", "芯片出口增长。", "3.5%来自AI。"]),
        ("zh-Hans", ["见 http://example.org/a?b=1 一文。", "完。"]),
        ("de", ["Das kostet z. B. 3,5 Mio. Euro.", "Am 27. Februar 2024 kam Dr. Müller.", "„Wirklich?“ fragte er."]),
        ("en", ["LG Inc. grew 3.5% on Feb. 29.", "J. K. Rowling asked: why?", "The U.S. economy grew."]),
        ("en", ['He said: "Go!"', "Then he left."]),
        ("fr", ["M. Macron est arrivé à 9 h.", "« Bien ! » dit-il.", "C'est tout."]),
    ],
)
def test_sentences_end_where_they_end(language: str, sentences: list[str]) -> None:
    joint = "" if language.startswith("zh") else " "
    assert cut(joint.join(sentences), language) == sentences


def test_a_line_without_punctuation_is_a_sentence() -> None:
    assert cut("Headline\n\n  第二行 \r\nlast", "en") == ["Headline", "第二行", "last"]


def test_repeated_sentences_each_have_their_own_place() -> None:
    text = "Same again. 😀 Same again. Same again."
    spans = split_sentences(text, "en")
    assert [text[span.start : span.end] for span in spans][-1] == "Same again."
    assert len({span.start for span in spans}) == len(spans) == 3


@pytest.mark.parametrize("text", ["x" * 5000, "word " * 1000, "好" * 5000, "好，" * 2000])
def test_an_endless_line_is_cut(text: str) -> None:
    spans = split_sentences(text, "zh-Hans" if "好" in text else "en")
    assert max(span.end - span.start for span in spans) <= MAX_CHARS
    assert "".join(span.of(text) for span in spans).replace(" ", "") == text.replace(" ", "")


def test_a_sentence_that_does_not_fit_is_halved_until_it_does() -> None:
    text = "one two three four five six seven eight"
    spans = split_sentences(text, "en", lambda piece: len(piece.split()) <= 3)
    assert max(len(span.of(text).split()) for span in spans) <= 3
    assert " ".join(span.of(text) for span in spans) == text


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.txt")), ids=lambda path: path.name[:3])
@pytest.mark.parametrize("language", ["zh-Hans", "de", "en", "xx"])
def test_every_character_is_in_exactly_one_sentence(path: Path, language: str) -> None:
    text = path.read_text(encoding="utf-8")
    spans = split_sentences(text, language)
    covered = "".join(span.of(text) for span in spans)
    assert "".join(covered.split()) == "".join(text.split())
    assert all(one.end <= other.start for one, other in pairwise(spans))
