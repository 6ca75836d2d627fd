"""Whose the data directory is."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from index.database import FILE_NAME
from index.datadir import NAME, find, writer
from index.errors import DataDirError
from tests.conftest import ROOT


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """An index above a folder in which somebody works."""
    data_dir = tmp_path / NAME
    with writer(data_dir):
        (data_dir / FILE_NAME).touch()
    (tmp_path / "work").mkdir()
    return data_dir


def test_only_its_owner_may_look_into_it(tmp_path: Path) -> None:
    data_dir = tmp_path / "some" / "where"
    before = os.umask(0)
    try:
        with writer(data_dir):
            assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    finally:
        os.umask(before)


def test_one_that_is_there_already_stays_as_open_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with writer(tmp_path):
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_an_index_of_another_user_is_taken_only_by_its_name(planted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = planted.parent / "work"
    assert find(None, work) == planted
    monkeypatch.setattr(os, "geteuid", lambda: planted.stat().st_uid + 1)
    with pytest.raises(DataDirError, match=f"--data-dir {planted}"):
        find(None, work)
    assert find(planted, work) == planted


@pytest.mark.parametrize("named", [True, False])
def test_one_that_is_closed_says_so(planted: Path, named: bool) -> None:
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    command = [*(drop if os.geteuid() == 0 else []), sys.executable, "-m", "ui.cli", "list"]
    planted.chmod(0o000)
    try:
        done = subprocess.run(
            [*command, *(["--data-dir", str(planted)] if named else [])],
            cwd=planted.parent / "work",
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        planted.chmod(0o700)
    assert (done.returncode, done.stderr.partition(":")[2]) == (
        1,
        f" {planted} is closed to you: permission denied; ask its owner, or name another with --data-dir\n",
    )
