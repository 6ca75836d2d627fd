"""Whether two runs over the same questions differ by more than luck."""

from __future__ import annotations

import math


def mcnemar(worse: int, better: int) -> float:
    """Exact two-sided p of the questions whose outcome changed: ``worse`` got worse and ``better`` got better.

    min(1, 2 Σ C(n, i) / 2ⁿ for i from 0 to min(worse, better)), n = worse + better: how often a fair coin thrown n
    times is at least as one-sided. Above 0, at most 1; 1 where nothing changed.

    McNemar 1947, Note on the sampling error of the difference between correlated proportions or percentages,
    Psychometrika 12; the binomial in place of his chi-squared, which Edwards 1948 (Psychometrika 13) corrects towards
    it.
    """
    n = worse + better
    tail = sum(math.comb(n, i) for i in range(min(worse, better) + 1))
    return min(1.0, 2 * tail / (1 << n))
