"""The benchmark's figures: what each side cost and what it found."""

from __future__ import annotations

from collections.abc import Sequence

from evals.bench_sides import Indexed, Searched
from evals.bench_work import Task, Work
from evals.metrics.budget import hit_within
from evals.metrics.latency import percentile
from evals.metrics.recall import hit_at_k
from evals.record import Record
from evals.results import Figure
from evals.summary import BUDGETS, rate


class SideReport(Record):
    """Name of a figure -> the figure, with what it cost and what it found."""

    costs: dict[str, float]
    found: dict[str, Figure]


class BenchReport(Record):
    """Both sides, and what tells how to make the figures again."""

    meta: dict[str, str]
    polycite: SideReport
    starter: SideReport


def side_report(work: Work, indexed: Sequence[Indexed], searched: Sequence[Searched], disk: float) -> SideReport:
    """The figures of a side from its rounds, the first one's findings, and the megabytes of its index."""
    seconds = [value for run in searched for value in run.seconds]
    return SideReport(
        costs={
            "index time, s": min(run.seconds for run in indexed),
            "index CPU time, s": min(run.cpu_seconds for run in indexed),
            "question p50, ms": (percentile(seconds, 50) or 0.0) * 1000,
            "question p95, ms": (percentile(seconds, 95) or 0.0) * 1000,
            "peak memory indexing, MB": max(run.peak_mb for run in indexed),
            "peak memory searching, MB": max(run.peak_mb for run in searched),
            "disk, MB": disk,
            "chunks": indexed[0].chunks,
        },
        found=_found(work.tasks, searched[0]),
    )


def _found(tasks: Sequence[Task], searched: Searched) -> dict[str, Figure]:
    rows = list(zip(tasks, searched.relevance, searched.tokens, strict=True))
    figures = {}
    for suffix, part in (("", rows), (", cross-language", [row for row in rows if row[0].crossing])):
        if part:
            figures[f"R@5{suffix}"] = rate([hit_at_k(relevance, 5) for _, relevance, _ in part])
            for size in BUDGETS:
                hits = [hit_within(relevance, tokens, size) for _, relevance, tokens in part]
                figures[f"within {size} tokens{suffix}"] = rate(hits)
    return figures
