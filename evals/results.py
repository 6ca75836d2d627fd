"""What a run leaves behind: a row for each question with all that it saw, and a summary of figures."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, Field

from evals.goldenset import Group
from evals.record import Record

RESULTS_FILE = "results.jsonl"
SUMMARY_FILE = "summary.json"
REPORT_FILE = "report.html"


class FoundChunk(Record):
    """A retrieved chunk; ``relevant`` when it holds a whole supporting passage; tokens are the embedder's."""

    source: str
    language: str
    start: int
    end: int
    text: str
    score: float
    tokens: int
    relevant: bool


class CitedWords(Record):
    """A citation of the answer.

    Attributes:
        exact: the document's text at these offsets is the quote.
        golden: it covers a supporting passage at least half.
    """

    number: int
    source: str
    start: int
    end: int
    quote: str
    language: str
    exact: bool
    golden: bool


class ShownSentence(Record):
    """A sentence of the answer.

    Attributes:
        quoted: it is the exact words of its citation, not the model's.
        checked: polycite's own check, done again on its citations, supports it.
        true: see evals.metrics.truth.
        answers: it holds a part of the golden answer.
    """

    text: str
    citations: tuple[int, ...]
    quoted: bool
    checked: bool
    true: bool
    answers: bool


class SupportingPassage(Record):
    """Where the corpus supports the golden answer."""

    source: str
    language: str
    start: int
    end: int
    text: str


class ResultRow(Record):
    """One question, what the documents hold on it, what was found and what was answered.

    ``error`` is set when the question could not be asked; such a row has no scores. ``turn`` counts the turns of a
    conversation from 1 and is 0 for a lone question. ``seconds`` are first_event, first_sentence and total.
    """

    id: str
    turn: int
    language: str
    kind: str
    fact: str
    split: str
    question: str
    golden_answers: tuple[Group, ...]
    golden_passages: tuple[SupportingPassage, ...]
    error: str | None = None
    evidence: tuple[FoundChunk, ...] = ()
    confidence: float = 0.0
    abstained: bool = False
    answer: str = ""
    model: str = ""
    model_asked: bool = False
    planned_tokens: int = 0
    sentences: tuple[ShownSentence, ...] = ()
    citations: tuple[CitedWords, ...] = ()
    withheld: tuple[tuple[str, str], ...] = ()
    correct: bool = False
    first_citation_correct: bool = False
    token_f1: float = 0.0
    seconds: dict[str, float] = Field(default_factory=dict)

    @property
    def answerable(self) -> bool:
        """Whether the documents hold an answer."""
        return not self.kind.endswith("-unanswerable")


class Figure(Record):
    """A figure with its n; ``low`` and ``high`` are the 95% Wilson interval of a rate, None for other figures."""

    value: float
    n: int
    low: float | None = None
    high: float | None = None


class Summary(Record):
    """Figures of a run.

    Attributes:
        meta: command, versions, model, fingerprints, date, machine; whatever tells how to make the figures again.
        figures: name -> figure, over all questions that stand alone.
        by_language, by_kind: question language, kind -> the same figures.
        matrix: figure name -> question language -> document language -> figure (answerable questions).
        follow_ups: figures over the turns of conversations.
        errors: how many questions could not be asked.
    """

    meta: dict[str, str]
    figures: dict[str, Figure]
    by_language: dict[str, dict[str, Figure]]
    by_kind: dict[str, dict[str, Figure]]
    matrix: dict[str, dict[str, dict[str, Figure]]]
    follow_ups: dict[str, Figure]
    errors: int


def read_rows(folder: Path) -> list[ResultRow]:
    """The rows of a run, without a last line that was cut short."""
    path = folder / RESULTS_FILE
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [ResultRow.model_validate_json(line) for line in lines[:-1] if line]


def write_json(path: Path, value: BaseModel) -> None:
    """Write a record as readable JSON."""
    path.write_text(json.dumps(value.model_dump(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def key(row: ResultRow) -> tuple[str, int]:
    """What tells a row from the others of its run."""
    return row.id, row.turn


def errors(rows: Iterable[ResultRow]) -> int:
    """How many questions could not be asked."""
    return sum(row.error is not None for row in rows)
