"""XQuAD's figures: of each draw, overall and by the languages of question and paragraph."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evals.record import Record
from evals.results import Figure
from evals.summary import rate
from evals.xquad_score import Row

_SLICES: dict[str, Callable[[Row], bool]] = {
    "all": lambda row: True,
    "cross-language": lambda row: row.asked != row.kept,
    "cross-language, held out": lambda row: row.asked != row.kept and row.held_out,
    "same language": lambda row: row.asked == row.kept,
}
SLICES = tuple(_SLICES)
_MATRIX = ("R@1", "R@5", "answer R@1", "answer R@5")


class DrawReport(Record):
    """Figures of one draw.

    Attributes:
        draw: its seed.
        pool: language -> how many paragraphs are kept in it.
        figures: slice (all, cross-language, …) -> name -> figure; a slice without questions is left out.
        matrix: name -> question language -> paragraph language -> figure.
    """

    draw: int
    pool: dict[str, int]
    figures: dict[str, dict[str, Figure]]
    matrix: dict[str, dict[str, dict[str, Figure]]]


class XquadReport(Record):
    """A run: what tells how to make the figures again, and a report for each draw."""

    meta: dict[str, str]
    draws: tuple[DrawReport, ...]


def draw_report(draw: int, kept: Sequence[str], rows: Sequence[Row], languages: Sequence[str]) -> DrawReport:
    """The figures of a draw, whose paragraphs are ``kept`` in these languages."""
    parts = {name: [row for row in rows if takes(row)] for name, takes in _SLICES.items()}
    cells = {(a, b): [r for r in rows if (r.asked, r.kept) == (a, b)] for a in languages for b in languages}
    return DrawReport(
        draw=draw,
        pool={language: kept.count(language) for language in languages},
        figures={name: _figures(part) for name, part in parts.items() if part},
        matrix={
            name: {
                a: {b: _figure([row.scores[name] for row in cells[a, b]]) for b in languages if cells[a, b]}
                for a in languages
            }
            for name in _MATRIX
        },
    )


def _figures(rows: Sequence[Row]) -> dict[str, Figure]:
    """A rate for each yes or no, a mean for each number, over the questions that have it."""
    names = dict.fromkeys(name for row in rows for name in row.scores)
    return {name: _figure([row.scores[name] for row in rows if name in row.scores]) for name in names}


def _figure(values: Sequence[bool | float]) -> Figure:
    outcomes = [value for value in values if isinstance(value, bool)]
    return rate(outcomes) if outcomes else Figure(value=sum(values) / len(values), n=len(values))
