"""--batch: JSON lines in, JSON lines out, in the same order; a bad line costs that line only."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from index.errors import PolyciteError, UsageError
from ui import jsonform
from ui.cli import ANSWERED, FAULT


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the input."""

    id: object
    question: str


def run_batch(path: str, answer: Callable[[Row], dict[str, object]]) -> int:
    """Answer every line of the file (``-``: standard input); a line that cannot be answered gives {"id", "error"}.

    Raises:
        UsageError: the file cannot be read.
    """
    failed = total = 0
    for number, line in _lines(path):
        total += 1
        row_id: object = None
        try:
            row = _parse(line, number)
            row_id = row.id
            result = answer(row)
        except PolyciteError as error:
            failed += 1
            result = {"id": row_id, "error": str(error)}
        sys.stdout.write(jsonform.line(result) + "\n")
        sys.stdout.flush()
    if failed:
        sys.stderr.write(f'polycite: {failed} of {total} lines failed; each says why under "error"\n')
    return FAULT if failed else ANSWERED


def _lines(path: str) -> Iterator[tuple[int, str]]:
    try:
        with _open(path) as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except OSError as error:
        raise UsageError(
            f"--batch {path}: {error.strerror or error}; name a file of JSON lines, or - for stdin"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--batch {path}: not UTF-8 (byte {error.start}); save it as UTF-8") from error


def _open(path: str) -> TextIO | nullcontext[TextIO]:
    return nullcontext(sys.stdin) if path == "-" else Path(path).open(encoding="utf-8-sig")


def _parse(line: str, number: int) -> Row:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UsageError(f'line {number} is not JSON; write {{"id": 1, "question": "…"}}') from error
    if not isinstance(row, dict) or not isinstance(row.get("question"), str):
        raise UsageError(f'line {number} has no "question"; write {{"id": 1, "question": "…"}}')
    return Row(row.get("id"), row["question"])
