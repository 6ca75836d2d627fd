"""The golden question set: the rows of evals/golden, checked as they are loaded.

Each row says what a right answer holds, which documents support it and where: exactly, in the sample corpus, and as
offsets into the seed texts, which restate the same facts and are never stored.
"""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evals.jsonl import Filled, Language, Row, read_rows
from index.errors import UsageError

Kind = Literal["answerable", "two-documents", "disagreement", "on-topic-unanswerable", "off-topic-unanswerable"]
Split = Literal["tune", "report"]
Group = Annotated[tuple[Filled, ...], Field(min_length=1)]

TUNE_PERCENT = 40


class Passage(Row):
    """Where one document supports the answer: a quote of it, and a span of the seed of the same name if there is one.

    A seed is another text that states the same facts; it is known by its hash and never stored.
    """

    document: Filled
    quote: Filled
    seed_start: int | None = Field(None, ge=0)
    seed_end: int | None = None
    seed_sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")

    @model_validator(mode="after")
    def _span(self) -> Passage:
        given = [value is not None for value in (self.seed_start, self.seed_end, self.seed_sha256)]
        if any(given) != all(given):
            raise ValueError("seed_start, seed_end, seed_sha256: give all three or none")
        if self.seed_start is not None and self.seed_end is not None and self.seed_end <= self.seed_start:
            raise ValueError("seed_end: must be greater than seed_start")
        return self


class GoldenTurn(Row):
    """One question, and what a right answer holds: an alternative of every group of `answers`."""

    question: Filled
    kind: Kind
    fact: Filled
    answers: tuple[Group, ...]
    documents: tuple[Filled, ...]
    passages: tuple[Passage, ...]

    @property
    def answerable(self) -> bool:
        """Whether the documents hold an answer."""
        return not self.kind.endswith("-unanswerable")

    @model_validator(mode="after")
    def _consistent(self) -> GoldenTurn:
        for name, value in (("answers", self.answers), ("documents", self.documents), ("passages", self.passages)):
            if bool(value) != self.answerable:
                raise ValueError(f"{name}: must {'not ' * self.answerable}be empty where the kind is {self.kind}")
        if self.documents != tuple(sorted({passage.document for passage in self.passages})):
            raise ValueError("documents: must be those of the passages, sorted, each once")
        if self.kind == "two-documents" and len(self.documents) < 2:
            raise ValueError("documents: must be two or more where the kind is two-documents")
        return self


class GoldenQuestion(GoldenTurn):
    """A question that stands alone."""

    id: Filled
    language: Language
    split: Split = "report"


class Conversation(Row):
    """Questions asked one after another; a later one may be clear only through those before it."""

    id: Filled
    language: Language
    turns: tuple[GoldenTurn, ...] = Field(min_length=2)
    split: Split


class GoldenSet(Row):
    """All rows, in the order of their files and lines."""

    questions: tuple[GoldenQuestion, ...]
    conversations: tuple[Conversation, ...]


def split_of(fact: str) -> Split:
    """Side of a fact, by a hash of its topic (what stands before the slash): related facts are on one side."""
    digest = hashlib.sha256(fact.partition("/")[0].encode()).hexdigest()
    return "tune" if int(digest[:8], 16) % 100 < TUNE_PERCENT else "report"


@functools.cache
def _pattern(alternative: str) -> re.Pattern[str]:
    characters = re.sub(r"\s", "", alternative.casefold())
    before, after = r"(?<!\d)" * characters[0].isdigit(), r"(?!\d)" * characters[-1].isdigit()
    return re.compile(before + r"\s*".join(map(re.escape, characters)) + after)


def holds(text: str, group: tuple[str, ...]) -> bool:
    """Whether an alternative occurs in the text, whatever the case and the spaces; 5年 isn't found in 2025年."""
    return any(_pattern(alternative).search(text.casefold()) for alternative in group)


def load_golden(path: Path | None = None) -> GoldenSet:
    """Read one .jsonl file or all those of a folder, by default of this package's own; a wrong row is a UsageError."""
    path = path or Path(__file__).with_name("golden")
    rows: dict[str, GoldenQuestion | Conversation] = {}
    for file in sorted(path.glob("*.jsonl")) if path.is_dir() else [path]:
        for place, row in read_rows(file, _model_of):
            if rows.setdefault(row.id, row) is not row:
                raise UsageError(f"{place}: id: {row.id} is the id of an earlier row already")
    if not rows:
        raise UsageError(f"{path}: no .jsonl file in this folder")
    questions = tuple(row for row in rows.values() if isinstance(row, GoldenQuestion))
    return GoldenSet(questions=questions, conversations=tuple(r for r in rows.values() if isinstance(r, Conversation)))


def _model_of(row: object) -> type[GoldenQuestion | Conversation]:
    return Conversation if isinstance(row, dict) and "turns" in row else GoldenQuestion
