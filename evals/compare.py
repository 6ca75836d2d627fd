"""Two runs, question by question: what got better, what got worse, and whether chance explains it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evals.metrics.mcnemar import mcnemar

Outcomes = Mapping[tuple[str, int], Mapping[str, bool]]  # (id, turn) -> name of a rate -> right or wrong

SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Change:
    """How one rate moved between two runs, over the questions that are in both; ``p`` by McNemar's exact test."""

    name: str
    n: int
    worse: tuple[str, ...]
    better: tuple[str, ...]
    p: float

    @property
    def is_regression(self) -> bool:
        """Whether it got worse, and by more than chance explains."""
        return len(self.worse) > len(self.better) and self.p < SIGNIFICANT


def compare(before: Outcomes, after: Outcomes) -> list[Change]:
    """Pair the questions of two runs, for each rate that both have."""
    pairs: dict[str, list[tuple[str, bool, bool]]] = defaultdict(list)
    for key in sorted(before.keys() & after.keys()):
        for name in before[key].keys() & after[key].keys():
            pairs[name].append((_label(key), before[key][name], after[key][name]))
    return [_change(name, found) for name, found in sorted(pairs.items())]


def to_text(changes: Sequence[Change]) -> str:
    """A line for each rate that moved, then the questions by name."""
    moved = [change for change in changes if change.worse or change.better]
    if not moved:
        return "No question changed its outcome."
    lines = []
    for change in moved:
        mark = "REGRESSION " if change.is_regression else ""
        counts = f"{len(change.better)} better, {len(change.worse)} worse of {change.n}"
        lines.append(f"{mark}{change.name}: {counts}, p = {change.p:.3f}")
        lines += [f"  newly wrong: {', '.join(change.worse)}"] if change.worse else []
        lines += [f"  newly right: {', '.join(change.better)}"] if change.better else []
    return "\n".join(lines)


def _change(name: str, pairs: Sequence[tuple[str, bool, bool]]) -> Change:
    worse = tuple(label for label, before, after in pairs if before and not after)
    better = tuple(label for label, before, after in pairs if after and not before)
    return Change(name, len(pairs), worse, better, mcnemar(len(worse), len(better)))


def _label(key: tuple[str, int]) -> str:
    return f"{key[0]}/{key[1]}" if key[1] else key[0]
