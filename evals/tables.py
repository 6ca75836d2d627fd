"""Figures in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evals.results import Figure


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(figure: Figure) -> str:
    """A figure with its interval, if it has one."""
    if figure.low is None or figure.high is None:
        return share(figure.value)
    return f"{share(figure.value)} [{share(figure.low)}, {share(figure.high)}]"


def share(value: float) -> str:
    """A number from 0 to 1: .812."""
    return f"{value:.3f}".removeprefix("0")
