"""What both sides of the benchmark do: the documents, the questions, and what a right result holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from evals.goldenset import load_golden
from evals.record import Record
from evals.xquad_data import Xquad, document_name
from index.errors import UsageError
from index.language import detect_language, same_language


class Task(Record):
    """A question, and what a right result holds: one of the quotes, in its document.

    Attributes:
        crossing: every document that answers it is in another language than the question.
    """

    question: str
    passages: tuple[tuple[str, str], ...]
    crossing: bool


class Work(Record):
    """What both sides do."""

    folder: Path
    tasks: tuple[Task, ...]
    k: int
    chunk_size: int


def golden_tasks(folder: Path, golden: Path | None) -> tuple[Task, ...]:
    """The golden questions that one document answers; any of the places that support the answer will do.

    Raises:
        UsageError: no such folder, or a document that the questions name isn't in it.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; name the one with the documents by --folder")
    tasks = []
    languages: dict[str, str] = {}
    for row in load_golden(golden).questions:
        if row.kind != "answerable":
            continue
        for name in row.documents:
            if name not in languages:
                languages[name] = detect_language(_text(folder / name))
        crossing = not any(same_language(row.language, languages[name]) for name in row.documents)
        passages = tuple((passage.document, passage.quote) for passage in row.passages)
        tasks.append(Task(question=row.question, passages=passages, crossing=crossing))
    return tuple(tasks)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; the golden questions name this document") from error


def xquad_tasks(data: Xquad, kept: Sequence[str]) -> tuple[Task, ...]:
    """All questions in all languages; a right result is of the question's paragraph and has the answer's words."""
    return tuple(
        Task(
            question=item.wordings[language].question,
            passages=((document_name(item.paragraph), item.wordings[kept[item.paragraph]].answer),),
            crossing=language != kept[item.paragraph],
        )
        for item in data.items
        for language in data.languages
    )


def holds(task: Task, source: str, text: str) -> bool:
    """Whether a result from the document ``source`` is right; white space does not count."""
    return any(source == document and _bare(quote) in _bare(text) for document, quote in task.passages)


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)
