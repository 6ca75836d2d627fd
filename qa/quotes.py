"""Which sentences of the evidence are quoted, and when the evidence is too weak to quote any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from index import Evidence, ScoredSentence, Span
from qa.types import Citation

MAX_QUOTES = 3
SENTENCE_SHARE = 0.7  # of a quote's score; the rest is its chunk's. Chosen on the tune split, where 0.5 to 1 are alike.
MARGIN = 0.1  # a second quote this near the first is worth its lines, on the tune split
WEAK = 0.31  # below it lie 1% of the answerable questions on half of XQuAD's paragraphs, in mixed languages


@dataclass(frozen=True, slots=True)
class Quote:
    """One sentence of the evidence, or two in a row, with a score (-1 to 1)."""

    source: str
    language: str
    span: Span
    text: str
    score: float

    @classmethod
    def of(cls, item: Evidence, sentence: ScoredSentence) -> Quote:
        """A sentence with its own similarity."""
        return cls(item.source, item.language, sentence.span, sentence.text, sentence.score)

    def lies_in(self, other: Quote) -> bool:
        """Whether the other quote holds these very words."""
        return self.source == other.source and other.span.start <= self.span.start and self.span.end <= other.span.end

    def citation(self, number: int) -> Citation:
        """As an answer cites it."""
        return Citation(number, self.source, self.span.start, self.span.end, self.text, self.language)


def pair_with(first: Quote, second: Quote, item: Evidence, cost: float = 0) -> Quote:
    """Two sentences in a row as one quote, with the better score less ``cost``."""
    span = Span(min(first.span.start, second.span.start), max(first.span.end, second.span.end))
    text = item.text[span.start - item.span.start : span.end - item.span.start]
    return replace(first, span=span, text=text, score=max(first.score, second.score) - cost)


def rank_quotes(evidence: Sequence[Evidence]) -> list[Quote]:
    """Quotes that share no sentence, best first: a sentence with that neighbour in its chunk which scores better.

    A sentence's score joins its own similarity to the question with that of its chunk. Its neighbour often holds what
    the sentence itself speaks of as "it" or "the company".
    """
    sentences = [
        (
            replace(
                Quote.of(item, sentence), score=(1 - SENTENCE_SHARE) * item.score + SENTENCE_SHARE * sentence.score
            ),
            item,
        )
        for item in evidence
        for sentence in item.sentences
    ]
    sentences.sort(key=lambda scored: -scored[0].score)
    left = {(quote.source, quote.span.start): quote for quote, _ in sentences}
    ranked = []
    for quote, item in sentences:
        if left.pop((quote.source, quote.span.start), None) is None:
            continue
        beside = [start for start in _neighbours(quote, item) if (quote.source, start) in left]
        if beside:
            best = max(beside, key=lambda start: left[quote.source, start].score)
            quote = pair_with(quote, left.pop((quote.source, best)), item)
        ranked.append(quote)
    return ranked


def _neighbours(quote: Quote, item: Evidence) -> Iterator[int]:
    """Where the sentences before and after begin, in the same paragraph."""
    for sentence in item.sentences:
        first, second = sorted((sentence.span, quote.span), key=lambda span: span.start)
        between = item.text[first.end - item.span.start : second.start - item.span.start]
        if first.end <= second.start and not between.strip() and "\n" not in between:
            yield sentence.span.start


def choose_quotes(rankings: Sequence[Sequence[Quote]]) -> list[Quote]:
    """The best quote for each question that is asked, and others that score nearly as well; at most MAX_QUOTES."""
    near = [[quote for quote in ranked if quote.score >= ranked[0].score - MARGIN] for ranked in rankings]
    return in_turn(near)[:MAX_QUOTES]


def in_turn(rankings: Sequence[Sequence[Quote]]) -> list[Quote]:
    """The first of each ranking, then the second of each, and so on."""
    return different([quote for rank in zip_longest(*rankings) for quote in rank if quote])


def merge(found: Sequence[Sequence[Evidence]]) -> list[Evidence]:
    """What several searches found, each chunk once with its best score, best first."""
    best: dict[tuple[str, Span], Evidence] = {}
    for item in sorted((item for items in found for item in items), key=lambda item: -item.score):
        best.setdefault((item.source, item.span), item)
    return list(best.values())


def different(ranked: Sequence[Quote]) -> list[Quote]:
    """The best of each text."""
    return list({quote.text: quote for quote in reversed(ranked)}.values())[::-1]


def is_weak(evidence: Sequence[Evidence]) -> bool:
    """Whether no evidence is strong enough to quote."""
    return not evidence or evidence[0].score < WEAK
