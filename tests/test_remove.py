"""Taking a document out of the index, and back in."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.hash_embedding import HashEmbedding
from index import Index, index_folder, load_settings
from index.datadir import writer
from index.doctor import examine
from index.errors import IndexBusyError, IndexMissingError, UsageError
from index.indexer import IndexReport
from index.remove import remove_document
from ui.cli import main

SETTINGS = load_settings()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.txt").write_text(f"This is {name}.", encoding="utf-8")
    return folder


def run(folder: Path, data_dir: Path, *, rebuild: bool = False) -> IndexReport:
    return index_folder(folder, data_dir, SETTINGS, embedder=HashEmbedding(), rebuild=rebuild)


def sources(data_dir: Path) -> list[str]:
    with Index(data_dir, SETTINGS, HashEmbedding()) as index:
        assert {item.source for item in index.search("This is a.", 5)} == {item.source for item in index.documents()}
        return [item.source for item in index.documents()]


def test_what_is_removed_stays_out_until_its_file_changes(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    run(folder, data_dir)
    remove_document(data_dir, "a.txt", SETTINGS)
    assert sources(data_dir) == ["b.txt"]
    assert (folder / "a.txt").exists()
    assert {finding.state for finding in examine(data_dir)} == {"ok"}
    report = run(folder, data_dir)
    assert report.removed == []
    assert [name for name, reason in report.skipped if "polycite remove" in reason] == ["a.txt"]
    (folder / "a.txt").write_text("This is a, changed.", encoding="utf-8")
    assert run(folder, data_dir).added == ["a.txt"]
    (folder / "a.txt").write_text("This is a.", encoding="utf-8")
    assert run(folder, data_dir).changed == ["a.txt"]  # it was taken in again: the removal is forgotten


def test_a_rebuild_takes_it_in_again(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    run(folder, data_dir)
    remove_document(data_dir, "a.txt", SETTINGS)
    assert run(folder, data_dir, rebuild=True).added == ["a.txt"]
    assert run(folder, data_dir).unchanged == ["a.txt", "b.txt"]


def test_the_last_document_can_go(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    run(folder, data_dir)
    remove_document(data_dir, "a.txt", SETTINGS)
    remove_document(data_dir, "b.txt", SETTINGS)
    assert sources(data_dir) == []
    assert {finding.state for finding in examine(data_dir)} == {"ok"}


def test_what_cannot_be_removed_is_named(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    with pytest.raises(IndexMissingError):
        remove_document(data_dir, "a.txt", SETTINGS)
    run(folder, data_dir)
    with pytest.raises(UsageError, match=r"no document 'c\.txt'"):
        remove_document(data_dir, "c.txt", SETTINGS)
    with writer(data_dir), pytest.raises(IndexBusyError):
        remove_document(data_dir, "a.txt", SETTINGS)
    assert {finding.state for finding in examine(data_dir)} == {"ok"}


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data_dir = tmp_path / "d"
    run(folder, data_dir)
    assert main(["remove", "a.txt", "--data-dir", str(data_dir)]) == 0
    assert capsys.readouterr().out == "a.txt is out of the index; its file is untouched.\n"
    assert main(["remove", "a.txt", "--data-dir", str(data_dir)]) == 2
    assert "polycite list" in capsys.readouterr().err
