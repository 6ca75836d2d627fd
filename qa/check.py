"""Whether a sentence of the model stands in a passage; strict, and by something other than the model.

A sentence is supported when it is a sentence of the document, word for word, give or take articles, case, punctuation.
Less than that is no check: an excerpt can lose the "but", the "of" or the "by" that turned its meaning ("The drug cured
all patients" of "… all but one"). A refusal costs convenience, since a quote then stands in the answer's place; a wrong
yes would cost trust.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MIN_WORDS = 3  # fewer words make no statement that could be held against anything

_WORD = re.compile(r"\d+(?:[,\u00a0\u202f ]\d{3})*(?:\.\d+)?%?|[^\W\d_]+(?:[’'\-.&][^\W_]+)*|\w+")
_ARTICLES = frozenset("a an the".split())


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome; ``reason`` says what is amiss when the sentence is not supported."""

    supported: bool
    reason: str = ""


def check_sentence(sentence: str, passage: str) -> Check:
    """Hold ``sentence`` against one sentence of a document."""
    claimed, given = _words(sentence), _words(passage)
    if len(claimed) < MIN_WORDS:
        return Check(False, "too short to be held against the passage")
    if claimed == given:
        return Check(True)
    unknown = next((word for word in claimed if word not in given), None)
    return Check(False, f"{unknown!r} is not in the passage" if unknown else "the passage does not say just this")


def _words(text: str) -> list[str]:
    return [_fold(word) for word in _WORD.findall(text) if word.casefold() not in _ARTICLES]


def _fold(word: str) -> str:
    word = word.casefold().replace("’", "'")
    return re.sub(r"(?<=\d)[,\u00a0\u202f ](?=\d{3})", "", word) if word[0].isdigit() else word
