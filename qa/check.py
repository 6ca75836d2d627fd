"""Whether a sentence of the model stands in a passage; strict, and by something other than the model.

A sentence is supported when it is the beginning of one sentence of a document, word for word, give or take an article;
or, from anywhere in it, "X, the Y" said as "X is the Y". It must not leave out what could turn the meaning: a "not", a
"said", a "may". A mere fragment states nothing that could be checked, and an excerpt from the middle may take another
subject for its own. What the check cannot be sure of it refuses: a quote then stands in the answer's place, so that a
refusal costs convenience, where a wrong yes would cost trust.
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
    after_article: bool


def check_sentence(sentence: str, passage: str) -> Check:
    """Hold ``sentence`` against one sentence of a document, both in English."""
    claimed, given = _words(sentence), _words(passage)
    if len(claimed) < MIN_WORDS:
        return Check(False, "too short to be held against the passage")
    unknown = next((word.text for word in claimed if not _stands_in(word, given) and word.text not in _COPULAS), None)
    if unknown:
        return Check(False, f"{unknown!r} is not in the passage")
    if not any(_is_excerpt(claimed, given, start) for start in range(len(given))):
        return Check(False, "the passage does not say it in these words")
    turned = next((word.text for word in given if _turns(word) and not _stands_in(word, claimed)), None)
    return Check(False, f"it leaves out {turned!r}") if turned else Check(True)


def _is_excerpt(claimed: Sequence[_Word], given: Sequence[_Word], start: int) -> bool:
    place, joined = start, False
    for number, word in enumerate(claimed):
        following = given[place] if place < len(given) else None
        if following is None:
            return False
        if word.text == following.text and (joined or start == 0 or number == 0 or not following.after_break):
            place += 1
        elif word.text in _COPULAS and number and not joined and following.after_break and following.after_article:
            joined = True
        else:
            return False
    return start == 0 or joined


def _words(text: str) -> list[_Word]:
    words: list[_Word] = []
    end, after_break, after_article = 0, False, False
    for match in _WORD.finditer(text):
        after_break |= bool(_BREAK.search(text, end, match.start()))
        end = match.end()
        if match.group().casefold() in _ARTICLES:
            after_article = True
        else:
            words.append(_Word(_fold(match.group()), after_break, after_article))
            after_break = after_article = False
    return words


def _stands_in(word: _Word, others: Sequence[_Word]) -> bool:
    return any(word.text == other.text for other in others)


def _turns(word: _Word) -> bool:
    return word.text in _NEGATIONS or word.text in _HEDGES or word.text.endswith("n't")


def _fold(word: str) -> str:
    word = word.casefold().replace("’", "'").removesuffix("'s")
    return re.sub(r"(?<=\d)[,\u00a0\u202f ](?=\d{3})", "", word) if word[0].isdigit() else word
