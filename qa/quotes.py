"""Which sentences of the evidence are quoted, and when the evidence is too weak to quote any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index import Evidence, Span

MAX_QUOTES = 3
SENTENCE_SHARE = 0.7  # of a quote's score; the rest is its chunk's. Chosen on the tune split, where 0.5 to 1 are alike.
MARGIN = 0.05  # a second quote this near the first is worth its line, on the tune split
WEAK = 0.31  # below it lie 1% of the answerable questions on half of XQuAD's paragraphs, in mixed languages


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
        Quote(
            item.source,
            item.language,
            sentence.span,
            sentence.text,
            (1 - SENTENCE_SHARE) * item.score + SENTENCE_SHARE * sentence.score,
        )
        for item in evidence
        for sentence in item.sentences
    ]
    return sorted(quotes, key=lambda quote: -quote.score)


def choose_quotes(ranked: Sequence[Quote]) -> list[Quote]:
    """The best sentence, and up to two others that score nearly as well; of copies of a text, the best."""
    different = list({quote.text: quote for quote in reversed(ranked)}.values())[::-1]
    return [quote for quote in different[:MAX_QUOTES] if quote.score >= ranked[0].score - MARGIN]


def is_weak(evidence: Sequence[Evidence]) -> bool:
    """Whether no evidence is strong enough to quote."""
    return not evidence or evidence[0].score < WEAK
