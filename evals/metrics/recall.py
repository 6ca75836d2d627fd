"""Whether a search found what answers the question."""

from __future__ import annotations

from collections.abc import Sequence


def hit_at_k(relevance: Sequence[bool], k: int) -> bool:
    """Whether anything relevant is among the first k results.

    Its mean over questions is R@k as open-domain question answering uses the word (top-k accuracy: Karpukhin et al.
    2020, Dense Passage Retrieval for Open-Domain Question Answering, EMNLP), from 0 to 1.
    """
    return any(relevance[: max(k, 0)])
