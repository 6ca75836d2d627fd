"""A run of claims as a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evals.claims_report import FALSE, RATES, TRUE, ClaimsReport, Judged
from evals.results import Figure
from evals.tables import cell, table


def to_markdown(found: ClaimsReport, *, failures: bool) -> str:
    """The tables, with what tells how to make them again; ``failures`` lists each claim that was judged wrongly."""
    parts = [
        "## Claims: false ones accepted, true ones recognized",
        f"    {found.meta['command']}",
        f"{found.meta['versions']}; split {found.meta['split']}, claims {found.meta['claims']}, corpus "
        f"{found.meta['corpus']}. In brackets: 95% Wilson intervals, which take the claims as independent (several on "
        f"one fact are not quite). Without a kind: figure, magnitude, date and name together.",
        table(["all claims", *RATES], [["", *_cells(found.figures, RATES)]]),
        _table("kind", found.by_kind, (FALSE, TRUE)),
        _table("claim in", found.by_language, RATES),
        _table("documents state it in", found.by_stated_in, RATES),
    ]
    if failures:
        parts += [_failures("False, accepted", [item for item in found.results if not item.claim.true])]
        parts += [_failures("True, refused", [item for item in found.results if item.claim.true])]
    return "\n\n".join(parts) + "\n"


def _table(head: str, groups: Mapping[str, Mapping[str, Figure]], names: Sequence[str]) -> str:
    return table([head, *names], [[group, *_cells(figures, names)] for group, figures in groups.items()])


def _cells(figures: Mapping[str, Figure], names: Sequence[str]) -> list[str]:
    return [f"{cell(figures[name])} n={figures[name].n}" if name in figures else "" for name in names]


def _failures(head: str, results: Iterable[Judged]) -> str:
    lines = [
        f"- {item.claim.id} ({item.claim.kind}): {item.claim.text}"
        + "".join(f"\n  - {note}" for note in item.outcome.notes)
        for item in results
        if item.wrong
    ]
    return "\n".join([f"### {head}: {len(lines)}", "", *(lines or ["none"])])
