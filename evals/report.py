"""The report of a run: one page of HTML that holds all it needs and loads nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined

from evals.report_failures import SHOWN_CHUNKS, FailureGroup, failure_groups
from evals.report_figures import (
    FigureGroup,
    HeatMap,
    Panel,
    Plot,
    confidence_plot,
    figure_groups,
    headlines,
    heat_legend,
    heat_maps,
    interval,
    label,
    language_name,
    panels,
    time_plots,
    value_text,
)
from evals.results import REPORT_FILE, ResultRow, Summary

FIRST_FACTS = ("command", "corpus", "golden", "split", "model", "date")
LONG = 60


@dataclass(frozen=True)
class Fact:
    """Something that tells how to make the run again; ``wide`` takes the width of the page."""

    name: str
    value: str
    wide: bool


@dataclass(frozen=True)
class Tile:
    """A number at the head of the page."""

    label: str
    value: str
    detail: str
    bad: bool = False


@dataclass(frozen=True)
class Page:
    """All that the template shows."""

    facts: tuple[Fact, ...]
    tiles: tuple[Tile, ...]
    figures: tuple[FigureGroup, ...]
    follow_ups: tuple[FigureGroup, ...]
    heat_maps: tuple[HeatMap, ...]
    heat_legend: tuple[str, ...]
    by_language: tuple[Panel, ...]
    by_kind: tuple[Panel, ...]
    confidence: Plot | None
    times: tuple[Plot, ...]
    failures: tuple[FailureGroup, ...]
    languages: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]
    shown_chunks: int = SHOWN_CHUNKS

    @property
    def failed(self) -> int:
        """How many questions went wrong in some way."""
        return sum(len(group.shown) for group in self.failures)


def write_report(folder: Path, summary: Summary, rows: Sequence[ResultRow]) -> Path:
    """Write the report of a run beside its rows and say where it is."""
    path = folder / REPORT_FILE
    path.write_text(render(page(summary, rows)), encoding="utf-8")
    return path


def page(summary: Summary, rows: Sequence[ResultRow]) -> Page:
    """The report as plain data."""
    return Page(
        facts=_facts(summary.meta),
        tiles=_tiles(summary, rows),
        figures=figure_groups(summary.figures),
        follow_ups=figure_groups(summary.follow_ups),
        heat_maps=heat_maps(summary),
        heat_legend=tuple(heat_legend()),
        by_language=panels(summary.by_language, summary.figures),
        by_kind=panels(summary.by_kind, summary.figures),
        confidence=confidence_plot(rows),
        times=time_plots(rows),
        failures=failure_groups(rows),
        languages=tuple((code, language_name(code)) for code in sorted({row.language for row in rows})),
        kinds=tuple(sorted({row.kind for row in rows})),
    )


def render(view: Page) -> str:
    """The page as HTML; whatever is not the template's own is escaped."""
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["sha256"] = _sha256
    return environment.get_template("report.html.jinja").render(page=view)


def _template(name: str) -> str:
    return resources.files("evals").joinpath(name).read_text(encoding="utf-8")


def _sha256(text: str) -> str:
    """The hash by which a page's security policy names a style sheet or script of its own."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _facts(meta: dict[str, str]) -> tuple[Fact, ...]:
    """All of meta, what matters most first and what is long last, but for the command."""
    names = [*(name for name in FIRST_FACTS if name in meta), *(name for name in meta if name not in FIRST_FACTS)]
    facts = [Fact(name.replace("_", " "), meta[name], name == "command" or len(meta[name]) > LONG) for name in names]
    return tuple(sorted(facts, key=lambda fact: fact.wide and fact.name != "command"))


def _tiles(summary: Summary, rows: Sequence[ResultRow]) -> tuple[Tile, ...]:
    alone = sum(row.turn == 0 for row in rows)
    turns = len(rows) - alone
    counted = Tile("Questions", f"{alone:,}", f"and {turns:,} turns of conversations" if turns else "each on its own")
    errors = Tile(
        "Errors", f"{summary.errors:,}", "counted apart" if summary.errors else "all could be asked", summary.errors > 0
    )
    return (counted, errors, *(_headline(summary, name) for name in headlines(summary.figures)))


def _headline(summary: Summary, name: str) -> Tile:
    figure = summary.figures[name]
    return Tile(label(name), value_text(name, figure) if figure.n else "–", f"{interval(figure)} · n {figure.n:,}")
