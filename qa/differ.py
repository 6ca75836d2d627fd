"""Whether two documents give different figures for the very thing that is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from index import Evidence
from qa.quotes import Quote
from qa.verify.facts import Facts, read_facts

# On the tune split: how much alike two sentences must be to speak of one thing, and how near they must come to the
# question, beside the best sentence.
ALIKE = 0.5
NEAR_BEST = 0.2
LOOKED_AT = 10  # sentences

Likeness = Callable[[str, str], float]


def find_difference(evidence: Sequence[Evidence], likeness: Likeness) -> tuple[Quote, Quote] | None:
    """Two sentences of different documents that are alike but for a measure of one dimension, best first.

    A plain number makes no difference: 350,000 of one thing and 600,000 of another are both true.
    """
    sentences = [Quote.of(item, sentence) for item in evidence for sentence in item.sentences]
    sentences.sort(key=lambda quote: -quote.score)
    near = [quote for quote in sentences[:LOOKED_AT] if quote.score >= sentences[0].score - NEAR_BEST]
    read = {quote: read_facts(quote.text, quote.language) for quote in near}
    for first, second in combinations(near, 2):
        if (
            first.source != second.source
            and _differ(read[first], read[second])
            and likeness(first.text, second.text) >= ALIKE
        ):
            return first, second
    return None


def _differ(first: Facts, second: Facts) -> bool:
    ours, theirs = (
        {quantity for quantity in facts.quantities.values() if quantity.dimension} for facts in (first, second)
    )
    shared = {quantity.dimension for quantity in ours} & {quantity.dimension for quantity in theirs}
    return bool(shared) and not ours & theirs
