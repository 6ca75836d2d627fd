"""Whether a sentence of the model stands in a passage; strict, and by something other than the model.

A sentence is supported when it is an excerpt of one sentence of a document: the same words in the same order, none
passed over and none added, give or take an article, an ending ("wants", "want") and "X, the Y" said as "X is the Y".
The excerpt must not leave out what could turn its meaning (a "not", a "said", a "may"), nor start in the middle of one
part of the sentence and go on into the next, where another subject may rule. What the check cannot be sure of it
refuses: a quote then stands in the answer's place, so a refusal costs convenience, and a wrong yes would cost trust.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LANGUAGES = ("en",)
MIN_WORDS = 3  # fewer words make no statement that could be held against anything

_WORD = re.compile(r"\d+(?:[,\u00a0\u202f ]\d{3})*(?:\.\d+)?%?|[^\W\d_]+(?:[’'\-.&][^\W_]+)*|\w+")
_BREAK = re.compile(r"[,;:()\[\]–—\"“”]|\s-\s")
_ARTICLES = frozenset("a an the".split())
_COPULAS = frozenset("is are was were".split())
_NEGATIONS = frozenset(
    "no not never none nobody nothing neither nor without cannot hardly denied declined refused".split()
)
_HEDGES = frozenset(
    """
    said says say saying told according reportedly report reports opinion thinks believes expects expected likely could
    may might would should perhaps possibly plan plans planned planning aim aims intends hope hopes hoping scheduled
    predicts forecast forecasts rumoured if unless
    """.split()
)


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome; ``reason`` says what is amiss when the sentence is not supported."""

    supported: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    after_break: bool  # a comma or the like stands before it


def check_sentence(sentence: str, passage: str) -> Check:
    """Hold ``sentence`` against one sentence of a document, both in English."""
    claimed, given = _words(sentence), _words(passage)
    if len(claimed) < MIN_WORDS:
        return Check(False, "too short to be held against the passage")
    unknown = next((word.text for word in claimed if not _stands_in(word, given) and word.text not in _COPULAS), None)
    if unknown:
        return Check(False, f"{unknown!r} is not in the passage")
    if not any(_is_excerpt(claimed, given, start) for start in range(len(given))):
        return Check(False, "the passage has its words in another order or with others between them")
    turned = next((word.text for word in given if _turns(word) and not _stands_in(word, claimed)), None)
    return Check(False, f"it leaves out {turned!r}") if turned else Check(True)


def _is_excerpt(claimed: Sequence[_Word], given: Sequence[_Word], start: int) -> bool:
    place, crossed = start, False
    for number, word in enumerate(claimed):
        if place < len(given) and _same(word.text, given[place].text):
            crossed |= number > 0 and given[place].after_break and claimed[number - 1].text not in _COPULAS
            place += 1
        elif not (number > 0 and word.text in _COPULAS and place < len(given) and given[place].after_break):
            return False
    return start == 0 or not crossed


def _words(text: str) -> list[_Word]:
    words: list[_Word] = []
    end, pending = 0, False
    for match in _WORD.finditer(text):
        pending |= bool(_BREAK.search(text, end, match.start()))
        end = match.end()
        if match.group().casefold() not in _ARTICLES:
            words.append(_Word(_fold(match.group()), pending))
            pending = False
    return words


def _stands_in(word: _Word, others: Sequence[_Word]) -> bool:
    return any(_same(word.text, other.text) for other in others)


def _turns(word: _Word) -> bool:
    return word.text in _NEGATIONS or word.text in _HEDGES or word.text.endswith("n't")


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    if one[0].isdigit() or other[0].isdigit():
        return False
    short, long = sorted((one, other), key=len)
    return len(short) >= 4 and long.startswith(short[:-1]) and len(long) - len(short) <= 2  # "use" and "used", not more


def _fold(word: str) -> str:
    word = word.casefold().replace("’", "'").removesuffix("'s")
    return re.sub(r"(?<=\d)[,\u00a0\u202f ](?=\d{3})", "", word) if word[0].isdigit() else word
