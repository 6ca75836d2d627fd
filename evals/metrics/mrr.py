"""How far down the first right result stands."""

from __future__ import annotations

from collections.abc import Sequence


def reciprocal_rank(relevance: Sequence[bool]) -> float:
    """1 / rank of the first relevant result, ranks counted from 1; 0 where none is relevant.

    Its mean over questions is MRR, from 0 to 1 (Voorhees 1999, The TREC-8 Question Answering Track Report).
    """
    return next((1 / rank for rank, relevant in enumerate(relevance, 1) if relevant), 0.0)
