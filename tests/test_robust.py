"""What readers and runs make of surroundings that change, and of files that are not what they were."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from evals.hash_embedding import HashEmbedding
from index import Index, index_folder, load_settings
from index.doctor import examine
from index.errors import DataDirError
from index.indexer import IndexReport
from index.store import Store
from tests.conftest import ROOT

SETTINGS = load_settings()
BEES, MOON = "A hive holds forty thousand bees in summer.", "The Moon is far away from the Earth."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "bees.txt").write_text(BEES, encoding="utf-8")
    (folder / "moon.txt").write_text(MOON, encoding="utf-8")
    return folder


@pytest.fixture
def data_dir(folder: Path, tmp_path: Path) -> Path:
    run(folder, tmp_path / "d")
    return tmp_path / "d"


def run(folder: Path, data_dir: Path, *, rebuild: bool = False) -> IndexReport:
    return index_folder(folder, data_dir, SETTINGS, embedder=HashEmbedding(), rebuild=rebuild)


def sources(data_dir: Path, question: str = BEES) -> set[str]:
    with Index(data_dir, SETTINGS, HashEmbedding()) as index:
        return {item.source for item in index.search(question, 9)}


def test_of_equal_passages_one_is_searched_and_another_takes_its_place(folder: Path, data_dir: Path) -> None:
    (folder / "copy.txt").write_text(f"{BEES}\n", encoding="utf-8")
    run(folder, data_dir)
    assert sources(data_dir) == {"bees.txt", "moon.txt"}
    (folder / "bees.txt").unlink()
    run(folder, data_dir)
    assert sources(data_dir) == {"copy.txt", "moon.txt"}
    assert {finding.state for finding in examine(data_dir)} == {"ok"}


def test_a_file_that_holds_no_text_any_more_leaves_the_index(folder: Path, data_dir: Path) -> None:
    (folder / "bees.txt").write_bytes(b"")
    report = run(folder, data_dir)
    assert (report.removed, report.skipped) == (["bees.txt"], [("bees.txt", "no text in it")])
    assert sources(data_dir) == {"moon.txt"}


def test_an_unfinished_run_ends_with_its_folder(folder: Path, data_dir: Path, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.mkdir()
    (big / "text.txt").write_text("\n\n".join(f"Sentence {n} says something." for n in range(300)), encoding="utf-8")
    code = (
        "import os, signal, sys; from pathlib import Path; from index import index_folder, load_settings, vectors\n"
        "from evals.hash_embedding import HashEmbedding\n"
        "vectors.build = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n"
        "index_folder(Path(sys.argv[1]), Path(sys.argv[2]), load_settings(), embedder=HashEmbedding())"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(big), str(data_dir)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert "unfinished run" in {finding.check for finding in examine(data_dir)}
    shutil.rmtree(big)
    run(folder, data_dir)
    assert {finding.state for finding in examine(data_dir)} == {"ok"}


def test_an_empty_sqlite_file_is_named_and_never_taken_for_a_new_one(folder: Path, data_dir: Path) -> None:
    (data_dir / "polycite.sqlite3").write_bytes(b"")
    for attempt in (lambda: sources(data_dir), lambda: run(folder, data_dir)):
        with pytest.raises(DataDirError, match=r"polycite\.sqlite3 is damaged \(it is empty\); run .*--rebuild"):
            attempt()
    assert run(folder, data_dir, rebuild=True).set_aside == data_dir / "polycite.sqlite3.aside-1"
    assert sources(data_dir) == {"bees.txt", "moon.txt"}


def test_damaged_pages_are_named_when_an_index_is_opened(data_dir: Path) -> None:
    path = data_dir / "polycite.sqlite3"
    content = path.read_bytes()
    path.write_bytes(content[:4096] + os.urandom(len(content) - 4096))
    with pytest.raises(DataDirError, match=r"polycite\.sqlite3 is damaged"):
        sources(data_dir)


def test_what_cannot_be_opened_is_not_moved_aside(folder: Path, data_dir: Path) -> None:
    path = data_dir / "polycite.sqlite3"
    path.rename(data_dir / "kept")
    path.mkdir()  # SQLite cannot open it, as it cannot a file that it may not read
    with pytest.raises(DataDirError, match="cannot be opened"):
        run(folder, data_dir, rebuild=True)
    assert path.is_dir()


def test_the_first_fault_of_a_transaction_is_the_one_that_is_told(data_dir: Path) -> None:
    """A full disk makes SQLite end the transaction itself."""
    store = Store.create(data_dir)

    def fill_the_disk() -> None:
        with store.transaction():
            store._db.execute("ROLLBACK")
            raise ValueError("full")

    with pytest.raises(ValueError, match="full"):
        fill_the_disk()
    store.close()


def test_a_reader_that_cannot_write_sees_what_another_publishes(
    folder: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != data_dir and access(path, mode))
    with Index(data_dir, SETTINGS, HashEmbedding()) as index:
        assert {item.source for item in index.search(BEES, 9)} == {"bees.txt", "moon.txt"}
        (folder / "moon.txt").unlink()
        (folder / "sun.txt").write_text("The Sun is a star.", encoding="utf-8")
        run(folder, data_dir)
        assert {item.source for item in index.search(BEES, 9)} == {"bees.txt", "sun.txt"}
        assert [item.source for item in index.documents()] == ["bees.txt", "sun.txt"]


def test_an_index_that_is_closed_is_not_called_damaged(data_dir: Path) -> None:
    index = Index(data_dir, SETTINGS, HashEmbedding())
    index.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        index.documents()
