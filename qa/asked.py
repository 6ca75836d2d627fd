"""Whether a question asks for money where no good passage speaks of any: then none of them answers it.

Of the kinds of things that questions ask for only this one told unanswerable questions from others on the tune split;
dates, durations and numbers stand in nearly every passage that is near.
"""

from __future__ import annotations

from collections.abc import Sequence

from qa.chinese import simplified
from qa.quotes import Quote
from qa.verify.facts import read_facts
from qa.wordlist import find_groups

LOOKED_AT = 3  # of the best quotes

_CURRENCIES = frozenset("won dollars euros yen yuan pounds francs".split())


def lacks_money(question: str, language: str, ranked: Sequence[Quote]) -> bool:
    """Whether a sum is asked for, and the best quotes name none."""
    text = simplified(question) if language.startswith("zh") else question
    words = find_groups("asked.toml", language, text)
    if not words["price"] and not (words["money"] and words["amount"]):
        return False
    best = [read_facts(quote.text, quote.language) for quote in ranked[:LOOKED_AT]]
    return not any(quantity.dimension in _CURRENCIES for facts in best for quantity in facts.quantities.values())
