"""Rules about the project as a whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import index
from tests.conftest import ROOT


@pytest.mark.parametrize("lock", sorted((ROOT / "lock").glob("*.lock")), ids=lambda path: path.name)
def test_a_lock_has_versions_and_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert entries
    assert all(re.match(r"[\w.-]+==\S+", entry) and "--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


def test_the_dev_lock_holds_the_runtime_lock() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==\S+", (ROOT / "lock" / name).read_text(encoding="utf-8"), flags=re.MULTILINE))

    assert pins("runtime.lock") <= pins("dev.lock")


def test_the_public_names_of_index() -> None:
    assert sorted(index.__all__) == index.__all__
    assert all(hasattr(index, name) for name in index.__all__)
