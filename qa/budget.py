"""Tokens of what goes to the model, planned before it goes, because a server that cuts a prompt does not say so."""

from __future__ import annotations

import math
from collections.abc import Sequence

from index.tokens import count_tokens
from qa.quotes import Quote
from qa.types import ContextItem

# A model's tokenizer makes more tokens than cl100k does; these are upper ends for small Llama vocabularies.
_MARGIN = {"en": 1.2, "zh": 1.7}
_OTHER_MARGIN = 1.5


def plan_tokens(text: str, language: str) -> int:
    """Tokens to set aside for ``text``: tiktoken's count times a margin for its language."""
    return math.ceil(count_tokens(text) * _MARGIN.get(language.split("-")[0], _OTHER_MARGIN))


def fit(quotes: Sequence[Quote], room: int) -> tuple[list[Quote], list[Quote]]:
    """Split quotes, best first, into those that fit into ``room`` planned tokens together and those that do not."""
    included: list[Quote] = []
    dropped: list[Quote] = []
    for quote in quotes:
        needed = plan_tokens(quote.text, quote.language)
        if needed <= room and not dropped:
            included.append(quote)
            room -= needed
        else:
            dropped.append(quote)
    return included, dropped


def context_item(quote: Quote) -> ContextItem:
    """A line of the receipt."""
    return ContextItem(quote.source, quote.span.start, quote.span.end, count_tokens(quote.text))
