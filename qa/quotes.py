"""Which sentences of the evidence are quoted, and when the evidence is too weak to quote any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index import Evidence, Span

MAX_QUOTES = 3
MARGIN = 0.05
WEAK = 0.32


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of the evidence with its joined score: its own similarity and that of its chunk."""

    source: str
    language: str
    span: Span
    text: str
    score: float


def rank_quotes(evidence: Sequence[Evidence]) -> list[Quote]:
    """All sentences of the evidence, best first."""
    quotes = [
        Quote(item.source, item.language, sentence.span, sentence.text, (item.score + sentence.score) / 2)
        for item in evidence
        for sentence in item.sentences
    ]
    return sorted(quotes, key=lambda quote: -quote.score)


def choose_quotes(ranked: Sequence[Quote]) -> list[Quote]:
    """The best sentence, and up to two more that score nearly as well."""
    return [quote for quote in ranked[:MAX_QUOTES] if quote.score >= ranked[0].score - MARGIN]


def is_weak(evidence: Sequence[Evidence]) -> bool:
    """Whether no evidence is strong enough to quote."""
    return not evidence or evidence[0].score < WEAK
