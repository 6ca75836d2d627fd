"""The server under load, in miniature; `make load` is the whole of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evals.load import measure


def test_sixteen_users_at_once_get_what_each_would_get_alone(
    corpus_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert measure(corpus_dir, "none", 100, 16) == []
    page = capsys.readouterr().out
    row = re.search(r"^\| 16 \| 100 \|.*", page, re.MULTILINE)
    assert row
    assert [cell.strip() for cell in row.group().split("|")[7:12]] == ["0"] * 5
    assert re.search(r"^\| 64 \|.*", page, re.MULTILINE)  # how many of them are refused depends on the machine
