"""One question of XQuAD: what was found and answered, against where its paragraph holds the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evals.metrics.budget import hit_within
from evals.metrics.exact_match import exact_match
from evals.metrics.mrr import reciprocal_rank
from evals.metrics.recall import hit_at_k
from evals.metrics.token_f1 import token_f1
from evals.summary import BUDGETS
from evals.xquad_data import Item, document_name, is_held_out
from index import Evidence
from qa import Answer


@dataclass(frozen=True, slots=True)
class Row:
    """A question that was asked: its language, its paragraph's, and name -> a yes or no, or a number from 0 to 1.

    Of paragraphs that are held out, no weight was chosen.
    """

    asked: str
    kept: str
    held_out: bool
    scores: Mapping[str, bool | float]


def score(item: Item, asked: str, kept: str, results: Sequence[Evidence], answer: Answer) -> Row:
    """What search and answer are worth, where the question is asked in one language and its paragraph kept in one."""
    there = item.wordings[kept]
    source, end = document_name(item.paragraph), there.start + len(there.answer)
    found = [result.source == source for result in results]
    whole = [
        right and result.span.start <= there.start and end <= result.span.end
        for right, result in zip(found, results, strict=True)
    ]
    tokens = [result.tokens for result in results]
    first = answer.citations[0] if answer.citations else None
    scores: dict[str, bool | float] = {
        **_search_scores("", found, tokens),
        **_search_scores("answer ", whole, tokens),
        "answered": not answer.abstained,
        "quote holds answer": bool(first and first.source == source and first.start <= there.start <= end <= first.end),
        **_answer_scores("quote", first.quote if first else "", (item.wordings[asked].answer, there.answer)),
    }
    if answer.model != "none":
        scores |= _answer_scores("worded", answer.sentences[0].text, (item.wordings[asked].answer, there.answer))
    return Row(asked, kept, is_held_out(item.paragraph), scores)


def _search_scores(prefix: str, relevance: list[bool], tokens: list[int]) -> dict[str, bool | float]:
    return {
        f"{prefix}R@1": hit_at_k(relevance, 1),
        f"{prefix}R@5": hit_at_k(relevance, 5),
        f"{prefix}MRR": reciprocal_rank(relevance),
        **{f"{prefix}within {size}": hit_within(relevance, tokens, size) for size in BUDGETS},
    }


def _answer_scores(prefix: str, text: str, references: Sequence[str]) -> dict[str, bool | float]:
    return {f"{prefix} EM": exact_match(text, references), f"{prefix} F1": float(token_f1(text, references))}
