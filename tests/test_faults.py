"""Faults of the surroundings: a full disk, a data directory that goes away while it is in use."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evals.hash_embedding import HashEmbedding
from index import Index, index_folder, load_settings
from index.errors import IndexMissingError
from qa import Chatbot

pytestmark = pytest.mark.fault

SETTINGS = load_settings(llm="none")
BEES, MOON = "A hive holds forty thousand bees in summer.", "The Moon is far away from the Earth."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "bees.txt").write_text(BEES, encoding="utf-8")
    return folder


def run(folder: Path, data_dir: Path) -> None:
    index_folder(folder, data_dir, SETTINGS, embedder=HashEmbedding())


def test_a_data_directory_that_is_removed_and_made_again(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    run(folder, data_dir)
    with Index(data_dir, SETTINGS, HashEmbedding()) as index:
        assert index.search(BEES, 1)[0].text == BEES
        shutil.rmtree(data_dir)
        for use in (index.documents, lambda: index.search(BEES, 1), index.fingerprint, lambda: index.place("bees")):
            with pytest.raises(IndexMissingError, match=r"d was removed while it was in use; .*'polycite index"):
                use()
        (folder / "bees.txt").write_text(MOON, encoding="utf-8")
        run(folder, data_dir)
        assert index.search(BEES, 1)[0].text == MOON


def test_a_data_directory_in_whose_place_another_is_put(folder: Path, tmp_path: Path) -> None:
    """Of the same generation, even."""
    run(folder, tmp_path / "d")
    (folder / "bees.txt").write_text(MOON, encoding="utf-8")
    run(folder, tmp_path / "other")
    with Index(tmp_path / "d", SETTINGS, HashEmbedding()) as index:
        assert index.search(BEES, 1)[0].text == BEES
        (tmp_path / "d").rename(tmp_path / "old")
        (tmp_path / "other").rename(tmp_path / "d")
        assert index.search(BEES, 1)[0].text == MOON
        assert index.documents()[0].characters == len(MOON)


def test_who_answers_says_so_and_goes_on(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    index_folder(folder, data_dir, SETTINGS)
    with Chatbot.open(data_dir, llm="none") as bot:
        assert BEES in bot.ask("How many bees does a hive hold?").text
        shutil.rmtree(data_dir)
        with pytest.raises(IndexMissingError, match="was removed while it was in use"):
            bot.ask("How many bees does a hive hold?")
        index_folder(folder, data_dir, SETTINGS)
        assert BEES in bot.ask("How many bees does a hive hold?").text


_FULL_DISK = r"""
set -e
mount -t tmpfs -o size=1500k none "$1"
cd "$1"; polycite="$2 -m ui.cli"
$polycite index "$3" --data-dir "$1/d" >/dev/null
dd if=/dev/zero of="$1/filler" bs=1k 2>/dev/null || true
echo "A second document, for which there is no room." > "$3/second.txt"
status=0; $polycite index "$3" --data-dir "$1/d" || status=$?
echo "index: $status"
status=0; $polycite ask --llm none --data-dir "$1/d" "How many bees does a hive hold?" || status=$?
echo "ask: $status"
rm "$1/filler"
$polycite index "$3" --data-dir "$1/d"
$polycite doctor --data-dir "$1/d"
$polycite list --data-dir "$1/d"
"""


def test_a_full_disk_is_named_and_costs_nothing_that_was_whole(folder: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["unshare", "--mount", "sh", "-c", _FULL_DISK, "sh", str(disk), sys.executable, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.stderr.startswith(("unshare:", "mount:")):
        pytest.skip(f"no small disk can be made here: {done.stderr.strip()}")
    assert "index: 1" in done.stdout
    assert "check free space" in done.stderr
    assert done.stderr.strip().count("\n") == 0
    assert "ask: 0" in done.stdout
    assert BEES in done.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("second.txt") == 1
