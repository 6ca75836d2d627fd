"""What a question asks for: how many things, and of what kind each is; by words of its language (qa/asked.toml).

To expect a kind of answer by the question's words is a classical step of question answering (Li and Roth, "Learning
Question Classifiers", https://aclanthology.org/C02-1150/).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from index.language import is_unspaced
from qa.chinese import simplified
from qa.conversation import leans
from qa.quotes import MAX_QUOTES, Quote
from qa.verify.facts import Facts, read_facts
from qa.verify.fold import fold
from qa.verify.names import same_word
from qa.wordlist import find_groups
from qa.words import content_words

BONUS = 0.1  # for a quote that states what is asked for; on the tune split 0.05 to 0.15 are alike
LOOKED_AT = 3  # of the best quotes
OPENING = 3  # words within which a question has its question word when it is joined to another: "and in what year"

_WORDS = "asked.toml"
_JOINT = re.compile(r"(?<=[?？؟])|[;，；]|\s(?=(?:and|und|et)\s)", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_CURRENCIES = frozenset("won dollars euros yen yuan pounds francs".split())
_TIMES = frozenset({"minutes", "months"})


def split_question(question: str, language: str) -> list[str]:
    """The questions that are asked in one: "How long did they talk, and which companies were in the room?".

    A piece that asks nothing, or says too little to be searched for by itself, stays with the one before it; there are
    no more parts than quotes.
    """
    joints = [match.end() for match in _JOINT.finditer(question)]
    parts: list[str] = []
    begin = 0
    for start, end in pairwise([*joints, len(question)]):
        before, piece = question[begin:start], question[start:end]
        opening = piece if is_unspaced(language) else " ".join(piece.split()[:OPENING])
        whole = not leans(before, language) and not leans(piece, language)
        if len(parts) < MAX_QUOTES - 1 and whole and all(_words(text, language)["asks"] for text in (before, opening)):
            parts.append(before.strip())
            begin = start
    return [*parts, question[begin:].strip()]


def prefer_stated(question: str, language: str, ranked: Sequence[Quote]) -> list[Quote]:
    """Quotes that state something of the kind that is asked for, and that the question does not state, go up."""
    kinds = _kinds(question, language)
    if not kinds:
        return list(ranked)
    given = read_facts(question, language)
    scored = [replace(quote, score=quote.score + BONUS * _states(quote, kinds, given)) for quote in ranked]
    return sorted(scored, key=lambda quote: -quote.score)


def lacks_money(question: str, language: str, ranked: Sequence[Quote]) -> bool:
    """Whether a sum is asked for, and the best quotes name none: then none of them answers.

    Of the kinds of things that questions ask for only this one told unanswerable questions from others on the tune
    split; dates, durations and numbers stand in nearly every passage that is near.
    """
    given = read_facts("", language)
    return "money" in _kinds(question, language) and not any(
        _states(quote, {"money"}, given) for quote in ranked[:LOOKED_AT]
    )


def repeats(sentence: str, question: str, language: str) -> bool:
    """Whether a sentence says only what the question says: "TSMC opened a factory." is no answer to why it did.

    Of a question that can be answered with yes or no it is one.
    """
    if not _words(question, language)["asks"]:
        return False
    asked = [fold(word) for word in content_words(question, language)]
    said = [fold(word) for word in content_words(sentence, language)]
    new = [word for word in said if not any(same_word(word, other) for other in asked)]
    return not new and set(_DIGITS.findall(sentence)) <= set(_DIGITS.findall(question))


def _kinds(question: str, language: str) -> set[str]:
    words = _words(question, language)
    kinds = {kind for kind in ("year", "date", "duration", "percent") if words[kind]}
    if words["price"] or (words["money"] and words["amount"]):
        kinds.add("money")
    if words["amount"] and not kinds:
        kinds.add("number")
    return kinds


def _states(quote: Quote, kinds: Collection[str], given: Facts) -> bool:
    """Whether a quote states a fact of one of the kinds that is not among the given ones."""
    facts = read_facts(quote.text, quote.language)
    dates = [date for date in facts.dates.values() if not any(date.within(other) for other in given.dates.values())]
    dimensions = {
        quantity.dimension for quantity in facts.quantities.values() if quantity not in given.quantities.values()
    }
    stated = {
        "year": any(date.year for date in dates),
        "date": bool(dates),
        "duration": not _TIMES.isdisjoint(dimensions),
        "percent": "percent" in dimensions,
        "money": not _CURRENCIES.isdisjoint(dimensions),
        "number": bool(dimensions),
    }
    return any(stated[kind] for kind in kinds)


def _words(question: str, language: str) -> Mapping[str, int]:
    return find_groups(_WORDS, language, simplified(question) if language.startswith("zh") else question)
