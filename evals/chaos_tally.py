"""What the chaos test counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Scene:
    """What is indexed: documents of so many paragraphs, each a chunk; with e5 (``real``) or a fast stand-in."""

    name: str
    real: bool
    documents: int
    size: int


@dataclass
class Tally:
    """What came of a scene; kills by what they hit."""

    scene: Scene
    kills: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    questions: int = 0
    seconds: float = 0
    violations: list[str] = field(default_factory=list)

    def hear(self, answer: tuple[int, list[str]]) -> None:
        """Take down what a reader saw: how many questions it asked, and what was wrong."""
        self.questions, faults = answer
        self.violations += faults


def table(tallies: Sequence[Tally]) -> str:
    """What came of all scenes."""
    head = ("scene", "kills", "of them", "finished", "questions", "seconds", "violations")
    rows = [head]
    for tally in tallies:
        hit = ", ".join(f"{count} {phase}" for phase, count in sorted(tally.kills.items()))
        counts = (str(tally.finished), f"{tally.questions:,}", f"{tally.seconds:.0f}", str(len(tally.violations)))
        rows.append((tally.scene.name, str(tally.kills.total()), hit, *counts))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
