"""Quotes and checked sentences to an Answer, with citations numbered in the order in which they appear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa.phrases import phrase
from qa.quotes import MAX_QUOTES, Quote
from qa.types import Answer, AnswerSentence, Citation, ClosestPassage, Receipt, Withheld


@dataclass(frozen=True, slots=True)
class Draft:
    """What the model brought: sentences that stood the check with the quote that supports each, and the rest."""

    model: str
    receipt: Receipt
    supported: tuple[tuple[str, Quote], ...] = ()
    withheld: tuple[Withheld, ...] = ()


def quoted(quotes: Sequence[Quote]) -> list[tuple[AnswerSentence, Citation]]:
    """Each quote as a sentence of an answer, in its own words, with its citation."""
    return [
        (AnswerSentence(quote.text, "supported", (number,)), quote.citation(number))
        for number, quote in enumerate(quotes, start=1)
    ]


def compose(
    question: str,
    language: str,
    quotes: Sequence[Quote],
    draft: Draft,
    timings: dict[str, float],
    *,
    differ: bool = False,
) -> Answer:
    """Put the model's checked sentences first, then the quotes that they do not rest on, each in its own words.

    A quote keeps its number, whoever words it; there are MAX_QUOTES citations at most. ``differ``: the first two quotes
    do, and both are shown.
    """
    cited = list(dict.fromkeys(quote for _, quote in draft.supported))
    others = [quote for quote in cited if quote not in quotes]
    kept = [quote for quote in quotes if quote in cited]
    kept += [quote for quote in quotes if quote not in cited][: max(MAX_QUOTES - len(cited), 0)]
    order = [quote for quote in quotes if quote in kept] + others
    numbers = {quote: number for number, quote in enumerate(order, start=1)}
    worded = [AnswerSentence(text, "supported", (numbers[quote],)) for text, quote in draft.supported]
    left = [AnswerSentence(quote.text, "supported", (numbers[quote],)) for quote in order if quote not in cited]
    return Answer(
        question=question,
        language=language,
        text=_text(language, worded, left, "differ" if differ else "lead_in"),
        sentences=(*worded, *left),
        withheld=draft.withheld,
        citations=tuple(quote.citation(number) for quote, number in numbers.items()),
        closest=(),
        abstained=False,
        differ=differ,
        model=draft.model,
        timings=timings,
        receipt=draft.receipt,
    )


def abstain(
    question: str, language: str, closest: Sequence[Quote], timings: dict[str, float], receipt: Receipt
) -> Answer:
    """Say that the documents don't say, with the closest passages."""
    return Answer(
        question=question,
        language=language,
        text=phrase("abstained", language),
        sentences=(),
        withheld=(),
        citations=(),
        closest=tuple(
            ClosestPassage(quote.source, quote.span.start, quote.span.end, quote.text, quote.language)
            for quote in closest[:MAX_QUOTES]
        ),
        abstained=True,
        differ=False,
        model="none",
        timings=timings,
        receipt=receipt,
    )


def _text(language: str, worded: Sequence[AnswerSentence], quoted: Sequence[AnswerSentence], lead_in: str) -> str:
    parts = [" ".join(f"{sentence.text} {_marks(sentence)}" for sentence in worded)] if worded else []
    if quoted:
        opening, closing = phrase("open_quote", language), phrase("close_quote", language)
        lines = [f"{opening}{sentence.text}{closing} {_marks(sentence)}" for sentence in quoted]
        parts.append("\n".join([phrase(lead_in, language), *lines]))
    return "\n".join(parts)


def _marks(sentence: AnswerSentence) -> str:
    return "".join(f"[{number}]" for number in sentence.citations)
