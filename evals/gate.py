"""The gate: floors for the figures, and no regression against the committed baseline that chance does not explain."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from evals.compare import Change, Outcomes, compare
from evals.results import ResultRow, Summary, key
from evals.summary import outcomes

BASELINE_FILE = "baseline.jsonl"
SPLIT = "report"


def baseline_path() -> Path:
    """The committed baseline, beside this module."""
    return Path(str(files("evals").joinpath(BASELINE_FILE)))


def floors() -> dict[str, float]:
    """Figure -> least value."""
    found: dict[str, float] = tomllib.loads(files("evals").joinpath("gate.toml").read_text(encoding="utf-8"))["floors"]
    return found


def read_baseline(path: Path) -> Outcomes:
    """The outcomes that the baseline holds; empty where there is none."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [json.loads(line) for line in lines]
    return {(row["id"], row["turn"]): row["outcomes"] for row in rows}


def write_baseline(path: Path, rows: Sequence[ResultRow]) -> None:
    """Replace the baseline by the outcomes of these rows."""
    lines = [
        json.dumps({"id": key[0], "turn": key[1], "outcomes": found}) + "\n" for key, found in of_rows(rows).items()
    ]
    path.write_text("".join(lines), encoding="utf-8")


def of_rows(rows: Sequence[ResultRow]) -> dict[tuple[str, int], dict[str, bool]]:
    """Outcomes of rows; those of a question that could not be asked count as wrong, by being compared as such."""
    return {key(row): outcomes(row) for row in rows if row.turn == 0}


def judge(summary: Summary, rows: Sequence[ResultRow], baseline: Outcomes) -> tuple[list[str], list[Change]]:
    """What is wrong, a line each (none: the gate is green), and all changes against the baseline."""
    red = [
        f"{name} is {_show(summary, name)}, below its floor {floor:g}"
        for name, floor in floors().items()
        if name not in summary.figures or summary.figures[name].value < floor
    ]
    red += [f"{summary.errors} questions could not be asked"] if summary.errors else []
    changes = compare(baseline, of_rows(rows))
    red += [
        f"{change.name} got worse on {', '.join(change.worse)} (p = {change.p:.3f})"
        for change in changes
        if change.is_regression
    ]
    return red, changes


def _show(summary: Summary, name: str) -> str:
    return f"{summary.figures[name].value:.3f}" if name in summary.figures else "missing"
