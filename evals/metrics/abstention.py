"""Whether the program holds its tongue where it should, and only there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby


def abstention_precision(rows: Sequence[tuple[bool, bool]]) -> float | None:
    """Of the abstentions, the share on unanswerable questions, from 0 to 1; None without abstentions.

    Rows are (answerable, abstained). Wen et al. 2025, Know Your Limits: A Survey of Abstention in LLMs, TACL 13.
    """
    return _share([not answerable for answerable, abstained in rows if abstained])


def abstention_recall(rows: Sequence[tuple[bool, bool]]) -> float | None:
    """Of the unanswerable questions, the share abstained on, from 0 to 1; None without such questions.

    Rows are (answerable, abstained). Wen et al. 2025, as above.
    """
    return _share([abstained for answerable, abstained in rows if not answerable])


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """Chance that a positive's score is above a negative's, a tie counted half; None where one side is empty.

    (R - p(p+1)/2) / pn, R the sum of the ranks of the p positives among all scores from the lowest, equal scores
    sharing the mean of their ranks. From 0 to 1; .5 is chance. O(m log m) for m scores.

    Mann and Whitney 1947, Annals of Mathematical Statistics 18; Hanley and McNeil 1982, Radiology 143.
    """
    if not positives or not negatives:
        return None
    scores = sorted([(score, True) for score in positives] + [(score, False) for score in negatives])
    ranked, rank_sum = 0, 0.0
    for _, ties in groupby(scores, key=lambda pair: pair[0]):
        sides = [positive for _, positive in ties]
        rank_sum += sum(sides) * (ranked + (len(sides) + 1) / 2)
        ranked += len(sides)
    p = len(positives)
    return (rank_sum - p * (p + 1) / 2) / (p * len(negatives))


def _share(outcomes: Sequence[bool]) -> float | None:
    return sum(outcomes) / len(outcomes) if outcomes else None
