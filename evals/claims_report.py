"""The figures of a run of claims."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, get_args

from evals.claimset import Claim, Kind
from evals.record import Record
from evals.results import Figure
from evals.summary import rate

Language = Literal["the claim's language", "its other script", "other languages only"]
HARD: tuple[Kind, ...] = ("negation", "direction")  # same words, another sense: shown apart
FALSE, TRUE = "false accepted", "true recognized"
FALSE_HARD, TRUE_HARD = (f"{name} ({', '.join(HARD)})" for name in (FALSE, TRUE))
RATES = (FALSE, TRUE, FALSE_HARD, TRUE_HARD)


class Outcome(Record):
    """Whether a claim was accepted; notes are the quotes that support it, or the reasons against it."""

    accepted: bool
    notes: tuple[str, ...]


class Judged(Record):
    """A claim, the language in which the documents state its fact, and what came of it."""

    claim: Claim
    stated_in: Language
    outcome: Outcome

    @property
    def wrong(self) -> bool:
        """A false claim accepted or a true one refused."""
        return self.outcome.accepted != self.claim.true


class ClaimsReport(Record):
    """Figures of a run.

    Attributes:
        meta: command, split, versions, fingerprints; whatever tells how to make the figures again.
        figures: see RATES; the first two are of figures, magnitudes, dates and names together.
        by_kind: kind -> FALSE and TRUE of that kind.
        by_language, by_stated_in: -> figures.
        results: every claim and what came of it.
    """

    meta: dict[str, str]
    figures: dict[str, Figure]
    by_kind: dict[str, dict[str, Figure]]
    by_language: dict[str, dict[str, Figure]]
    by_stated_in: dict[str, dict[str, Figure]]
    results: tuple[Judged, ...]


def report(meta: dict[str, str], results: Sequence[Judged]) -> ClaimsReport:
    """Work out all figures."""
    return ClaimsReport(
        meta=meta,
        figures=rates(results),
        by_kind={
            kind: _rates({FALSE: (False, (kind,)), TRUE: (True, (kind,))}, results)
            for kind in get_args(Kind)
            if any(result.claim.kind == kind for result in results)
        },
        by_language=_grouped(results, lambda result: result.claim.language),
        by_stated_in=_grouped(results, lambda result: result.stated_in),
        results=tuple(results),
    )


def rates(results: Iterable[Judged]) -> dict[str, Figure]:
    """The shares of claims accepted, named as in RATES; one without claims is left out."""
    plain = tuple(kind for kind in get_args(Kind) if kind not in HARD)
    parts = {FALSE: (False, plain), TRUE: (True, plain), FALSE_HARD: (False, HARD), TRUE_HARD: (True, HARD)}
    return _rates(parts, list(results))


def _rates(parts: Mapping[str, tuple[bool, tuple[Kind, ...]]], results: Sequence[Judged]) -> dict[str, Figure]:
    found = {
        name: [item.outcome.accepted for item in results if item.claim.true == true and item.claim.kind in kinds]
        for name, (true, kinds) in parts.items()
    }
    return {name: rate(accepted) for name, accepted in found.items() if accepted}


def _grouped(results: Iterable[Judged], key: Callable[[Judged], str]) -> dict[str, dict[str, Figure]]:
    groups: dict[str, list[Judged]] = defaultdict(list)
    for result in results:
        groups[key(result)].append(result)
    return {name: rates(groups[name]) for name in sorted(groups)}
