"""--batch: JSON lines in, JSON lines out, in the same order; a bad line costs that line only."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from index.errors import PolyciteError, UsageError
from ui import jsonform
from ui.cli import ANSWERED, FAULT


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the input."""

    id: object
    text: str


def run_batch(path: str, answer: Callable[[Row], dict[str, object]], key: str = "question") -> int:
    """Answer every line of the file (``-``: standard input); a line that cannot be answered gives {"id", "error"}.

    ``key`` is what the text of a line goes by, beside its id.

    Raises:
        UsageError: the file cannot be read.
    """
    failed = total = 0
    for number, line in _lines(path):
        total += 1
        row_id: object = None
        try:
            row = _parse(line, number, key)
            row_id = row.get("id")
            result = answer(Row(row_id, _text(row, number, key)))
        except PolyciteError as error:
            failed += 1
            result = {"id": row_id, "error": str(error)}
        except Exception as error:  # a fault of ours on one line must not cost the others
            failed += 1
            result = {"id": row_id, "error": f"unexpected {type(error).__name__}: {error}"}
        sys.stdout.write(jsonform.line(result) + "\n")
        sys.stdout.flush()
    if failed:
        sys.stderr.write(f'polycite: {failed} of {total} lines failed; each says why under "error"\n')
    return FAULT if failed else ANSWERED


def _lines(path: str) -> Iterator[tuple[int, bytes]]:
    try:
        with nullcontext(sys.stdin.buffer) if path == "-" else Path(path).open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line.removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise UsageError(
            f"--batch {path}: {error.strerror or error}; name a file of JSON lines, or - for stdin"
        ) from error


def _parse(line: bytes, number: int, key: str) -> dict[str, object]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f'line {number} is not JSON in UTF-8; write {{"id": 1, "{key}": "…"}}') from error
    if not isinstance(row, dict):
        raise UsageError(f'line {number} is not an object; write {{"id": 1, "{key}": "…"}}')
    return row


def _text(row: dict[str, object], number: int, key: str) -> str:
    text = row.get(key)
    if not isinstance(text, str):
        raise UsageError(f'line {number} has no "{key}" that is a text; write {{"id": 1, "{key}": "…"}}')
    return text
