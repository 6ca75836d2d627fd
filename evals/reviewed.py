"""Feedback from the page, once a person has reviewed it, as golden rows.

To review a line of feedback.jsonl is to add to it, by hand, one of

    "reviewed": {"answers": [["two hours", "2 hours"]], "citations": [1]}
    "reviewed": {"answers": []}

the first where the documents hold an answer: alternatives for each thing that it must say, and which citations support
it; the second where they hold none.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from evals.goldenset import GoldenQuestion, Passage, load_golden
from evals.jsonl import Filled, Row, read_rows
from index.errors import UsageError


class Review(Row):
    """What a person says of an answer: what a right one holds, and which citations support it (none named: all)."""

    answers: tuple[tuple[Filled, ...], ...]
    citations: tuple[int, ...] = ()


class _Cited(BaseModel):
    model_config = ConfigDict(strict=True)
    number: int
    source: Filled
    quote: Filled


class Feedback(Row):
    """A line of feedback; what is not needed here is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)
    question: Filled
    language: Filled
    citations: tuple[_Cited, ...]
    reviewed: Review | None = None


def add_reviewed(feedback: Path, target: Path) -> tuple[int, int]:
    """Append the reviewed lines to a golden file that may be new: (rows added, lines that nobody has reviewed).

    A question that is in the file already is not added again.

    Raises:
        UsageError: there is no feedback, or a line or its review is wrong; nothing is added then.
    """
    if not feedback.exists():
        raise UsageError(f"no feedback in {feedback.parent}; people give it in the page ('polycite ui')")
    lines = [line for _, line in read_rows(feedback, lambda _: Feedback)]
    known = {row.id for row in load_golden(target).questions} if target.exists() else set()
    rows: dict[str, GoldenQuestion] = {}
    for line in lines:
        if line.reviewed:
            row = _row(line, line.reviewed)
            rows[row.id] = row
    new = [row for row in rows.values() if row.id not in known]
    if new:
        with target.open("a", encoding="utf-8") as file:
            file.writelines(f"{row.model_dump_json(exclude_none=True)}\n" for row in new)
    judged = {line.question for line in lines if line.reviewed}
    return len(new), len({line.question for line in lines} - judged)


def _row(line: Feedback, review: Review) -> GoldenQuestion:
    name = f"feedback-{hashlib.sha256(line.question.encode()).hexdigest()[:12]}"
    chosen = [item for item in line.citations if not review.citations or item.number in review.citations]
    if review.answers and not chosen:
        raise UsageError(f"the review of {line.question!r} names no citation that the answer had; name one of them")
    passages = tuple(
        Passage(document=item.source, quote=item.quote, seed_start=None, seed_sha256=None)
        for item in chosen
        if review.answers
    )
    return GoldenQuestion(
        id=name,
        language=line.language,
        question=line.question,
        kind="answerable" if review.answers else "on-topic-unanswerable",
        fact=name,
        answers=review.answers,
        documents=tuple(sorted({passage.document for passage in passages})),
        passages=passages,
    )
