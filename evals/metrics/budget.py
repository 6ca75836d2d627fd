"""Whether a search found what answers the question in the room that a model has."""

from __future__ import annotations

from collections.abc import Sequence


def hit_within(relevance: Sequence[bool], tokens: Sequence[int], budget: int) -> bool:
    """Whether anything relevant is among the results taken in order while their tokens together are <= budget.

    The first result that would exceed the budget ends it, even where a later one would fit. Its mean over questions,
    from 0 to 1, is recall at a context budget: unlike R@k it is fair between chunks of different sizes, as a bigger
    chunk holds more and costs more. No paper defines it; it follows from how a prompt is filled.
    """
    spent = 0
    for relevant, cost in zip(relevance, tokens, strict=True):
        spent += cost
        if spent > budget:
            return False
        if relevant:
            return True
    return False
