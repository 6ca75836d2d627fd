"""How much of the words of an answer and of the golden one are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from evals.metrics.normalize import answer_tokens


def token_f1(prediction: str, references: Sequence[str]) -> float:
    """F1 = 2PR / (P + R) over tokens, the best over the references; 0 without references.

    P is the share of the prediction's tokens that the reference has too (each as often as it has it), R the share of
    the reference's tokens that the prediction has; from 0 to 1. A text without tokens matches only another such text,
    as in SQuAD 2.0. Rajpurkar et al. 2016, SQuAD, EMNLP; tokens as in evals.metrics.normalize.
    """
    tokens = answer_tokens(prediction)
    return max((_f1(tokens, answer_tokens(reference)) for reference in references), default=0.0)


def _f1(tokens: list[str], expected: list[str]) -> float:
    if not tokens or not expected:
        return float(tokens == expected)
    shared = (Counter(tokens) & Counter(expected)).total()
    return 2 * shared / (len(tokens) + len(expected))  # 2PR / (P + R) with P = shared / tokens, R = shared / expected
