"""The doctor finds each fault that can be made, and nothing else; what it advises mends it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from evals.hash_embedding import HashEmbedding
from index import index_folder, load_settings
from index.chroma_child import ask
from index.datadir import writer
from index.doctor import Finding, examine
from index.errors import VectorsDamagedError
from index.manifest import Manifest
from index.publish import search_vectors
from index.recipe import recipe
from index.store import Store
from index.vectors import build
from ui.cli import main

SETTINGS = load_settings()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_text(f"Text {number} begins.\n\nIt ends, as text {number} does.", "utf-8")
    return folder


@pytest.fixture
def data_dir(folder: Path, tmp_path: Path) -> Path:
    index_folder(folder, tmp_path / "d", SETTINGS, embedder=HashEmbedding())
    return tmp_path / "d"


def wrong(data_dir: Path) -> list[Finding]:
    return [finding for finding in examine(data_dir) if finding.state == "wrong"]


def tamper(data_dir: Path, statement: str) -> None:
    with closing(sqlite3.connect(data_dir / "polycite.sqlite3", isolation_level=None)) as connection:
        connection.execute(statement)


def test_a_sound_index(data_dir: Path) -> None:
    before = {path: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}
    assert {finding.state for finding in examine(data_dir, recipe(SETTINGS, HashEmbedding().model_name))} == {"ok"}
    assert {path: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE sentences SET start = start + 1 WHERE document = 1 AND ordinal = 0", "1.txt: the sentence at 1"),
        ('UPDATE sentences SET "end" = "end" + 50 WHERE ordinal = 1', "not in order, or not within the text"),
        ("UPDATE sentences SET vector = (SELECT max(id) FROM vectors) WHERE document = 1 AND ordinal = 0", "no vector"),
        ("DELETE FROM sentences WHERE ordinal = 1", "its last sentence is in no chunk"),
        ("DELETE FROM chunks WHERE id = 1", "its chunks do not follow each other"),
        ("UPDATE chunks SET last = last - 1 WHERE id = 1", "its last sentence is in no chunk"),
        ("UPDATE chunks SET start = start + 1 WHERE id = 1", "does not hold whole sentences"),
        ("UPDATE chunks SET text = 'made up' WHERE id = 1", "has other words than the text"),
        ("UPDATE documents SET text = 'Another text, of which none of the spans are.'", "has no vector of its own"),
        ("DELETE FROM vectors WHERE id = 1", "refers to one of vectors that is gone"),
        ("UPDATE vectors SET vector = x'0000' WHERE id = 2", "vector 2 has 1 numbers, others have 64"),
        (
            "UPDATE vectors SET vector = CAST(zeroblob(126) || x'007e' AS BLOB) WHERE id = 2",
            "vector 2 is not of length 1",
        ),
        (
            "UPDATE vectors SET vector = CAST(zeroblob(126) || x'0040' AS BLOB) WHERE id = 2",
            "vector 2 is not of length 1",
        ),
    ],
)
def test_a_fault_of_the_truth_is_found_and_rebuild_mends_it(
    folder: Path, data_dir: Path, statement: str, words: str
) -> None:
    tamper(data_dir, statement.replace("document = 1", "document = 2"))
    (finding,) = wrong(data_dir)
    assert words in finding.detail
    assert "'polycite index FOLDER --rebuild'" in finding.detail
    assert index_folder(folder, data_dir, SETTINGS, embedder=HashEmbedding(), rebuild=True).set_aside
    assert not wrong(data_dir)


def test_a_broken_page_is_found(data_dir: Path) -> None:
    path = data_dir / "polycite.sqlite3"
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 3 + 64] = b"\xee" * 64
    path.write_bytes(data)
    (finding,) = wrong(data_dir)
    assert finding.check == "SQLite file"


def test_leftovers_are_a_fault_unless_a_run_was_cut_short(folder: Path, data_dir: Path) -> None:
    stray = data_dir / "chroma" / "000009"
    stray.mkdir()
    tamper(data_dir, "INSERT INTO vectors (key, vector) VALUES (x'00', zeroblob(128))")
    (finding,) = wrong(data_dir)
    assert "0 documents and 1 vectors are not in use" in finding.detail
    assert f"{stray} is not in use" in finding.detail
    tamper(data_dir, "INSERT OR REPLACE INTO meta VALUES ('unfinished', '[\"../docs\"]')")
    assert not wrong(data_dir)
    notes = [finding.detail for finding in examine(data_dir) if finding.state == "note"]
    assert f"run 'polycite index {folder}' to finish it" in notes[0]
    index_folder(folder, data_dir, SETTINGS, embedder=HashEmbedding())
    assert {finding.state for finding in examine(data_dir)} == {"ok"}


def test_a_graph_that_finds_something_else_is_found(folder: Path, data_dir: Path) -> None:
    """Chroma's folder is whole, but not this index's."""
    other = data_dir.with_name("other")
    for number in range(3):
        (folder / f"{number}.txt").write_text(f"Other words {number}.", "utf-8")
    index_folder(folder, other, SETTINGS, embedder=HashEmbedding())
    shutil.rmtree(data_dir / "chroma")
    shutil.copytree(other / "chroma", data_dir / "chroma")
    with closing(sqlite3.connect(other / "polycite.sqlite3")) as connection:
        (manifest,) = connection.execute("SELECT value FROM meta WHERE key = 'chroma'").fetchone()
    tamper(data_dir, f"UPDATE meta SET value = '{manifest}' WHERE key = 'chroma'")
    (finding,) = wrong(data_dir)
    assert finding.check == "Chroma's search"
    assert "does not find chunk" in finding.detail


def test_a_chunk_that_chroma_lacks_is_found(data_dir: Path) -> None:
    with closing(Store.open(data_dir)) as store:
        ((ids, rows),) = search_vectors(store, 1)
        manifest = build(data_dir / "chroma" / "000001", set(ids[1:]), lambda: [(ids, rows)])
        store.set_meta("chroma", manifest.to_json())
    (finding,) = wrong(data_dir)
    assert "holds 2 chunks, not the 3 of SQLite" in finding.detail


def test_a_crash_of_native_code_is_a_finding(data_dir: Path) -> None:
    """A damaged graph whose manifest vouches for it, so that Chroma opens it."""
    folder = data_dir / "chroma" / "000001"
    for path in folder.glob("*/*.bin"):
        path.write_bytes(os.urandom(path.stat().st_size))
    with pytest.raises(VectorsDamagedError, match="Chroma ended with status"):
        ask(folder, Manifest.of(folder, 3), [])


def test_other_settings_and_a_writer_are_told(data_dir: Path) -> None:
    with writer(data_dir):
        findings = examine(data_dir, recipe(load_settings(chunk_tokens=64), HashEmbedding().model_name))
    (note,) = [finding for finding in findings if finding.state == "note"]
    assert f"process {os.getpid()} since" in note.detail
    (fault,) = [finding for finding in findings if finding.state == "wrong"]
    assert "chunk_tokens 250 instead of 64" in fault.detail


def test_the_command(corpus_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--data-dir", str(corpus_dir)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["ok"] * len(lines)
    copy = tmp_path / "copy"
    shutil.copytree(corpus_dir, copy)
    (copy / "chroma" / "000001" / "chroma.sqlite3").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "doctor", "--data-dir", str(copy)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "wrong  Chroma's files: " in done.stdout
    assert "chroma.sqlite3 is missing; run 'polycite index FOLDER', which embeds nothing" in done.stdout
