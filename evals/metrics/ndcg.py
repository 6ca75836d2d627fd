"""How near to the ideal order the results stand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


def ndcg_at_k(relevance: Sequence[bool], total: int, k: int) -> float:
    """DCG@k / ideal DCG@k with gain 1 for a relevant result; from 0 to 1, 0 for total = 0.

    DCG@k = Σ 1 / log2(rank + 1) over the relevant results of the first k, ranks from 1; the ideal has the relevant ones
    first. ``total`` is how many there are to be found; where several chunks hold the same passage the results may show
    more, and the ideal then has as many as they show, so that no order scores above 1.

    Järvelin and Kekäläinen 2002, Cumulated gain-based evaluation of IR techniques, ACM TOIS 20(4), with the discount
    log2(rank + 1) that is usual since.
    """
    if total < 1 or k < 1:
        return 0.0
    ideal = min(max(total, sum(relevance)), k)
    return _dcg(rank for rank, relevant in enumerate(relevance[:k], 1) if relevant) / _dcg(range(1, ideal + 1))


def _dcg(ranks: Iterable[int]) -> float:
    return math.fsum(1 / math.log2(rank + 1) for rank in ranks)
