"""Rows of JSON lines written by hand, each checked as it is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from index.errors import UsageError

Filled = Annotated[str, Field(pattern=r"\S")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?$")]  # en, de, zh-Hans, …


class Row(BaseModel):
    """A row, or a part of one: it cannot be changed, takes no other field and converts nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


R = TypeVar("R", bound=Row)


def read_rows(file: Path, model_of: Callable[[object], type[R]]) -> Iterator[tuple[str, R]]:
    """Each row with its place ("own.jsonl line 2"); ``model_of`` says by the row's JSON what it has to be.

    Raises:
        UsageError: the file can't be read, or a row is wrong; it names file, line and field.
    """
    try:
        lines = file.read_bytes().removesuffix(b"\n").split(b"\n")
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        place = f"{file.name} line {number}"
        yield place, _row(line, place, model_of)


def _row(line: bytes, place: str, model_of: Callable[[object], type[R]]) -> R:
    if not line.strip():
        raise UsageError(f"{place}: empty: expected a row of JSON")
    try:
        return model_of(json.loads(line)).model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        where = [place, ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")]
        raise UsageError(": ".join(filter(None, where))) from error
    except ValueError as error:
        raise UsageError(f"{place}: not JSON: {error}") from error
