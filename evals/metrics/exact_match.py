"""Whether an answer is the golden one and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from evals.metrics.normalize import answer_tokens


def exact_match(prediction: str, references: Sequence[str]) -> bool:
    """Whether the prediction has the tokens of a reference, in order and no others; False without references.

    Rajpurkar et al. 2016, SQuAD, EMNLP; tokens as in evals.metrics.normalize.
    """
    tokens = answer_tokens(prediction)
    return any(tokens == answer_tokens(reference) for reference in references)
