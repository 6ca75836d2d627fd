"""Damage to what polycite keeps on disk is seen before native code reads it, and mended or named in one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evals.hash_embedding import HashEmbedding
from index import Index, index_folder, load_settings
from index.datadir import writer
from index.doctor import examine
from index.errors import DataDirError, IndexBusyError
from index.manifest import SMALL, Manifest
from index.publish import space, whole
from index.store import Store
from tests.conftest import ROOT

SETTINGS = load_settings()
TEXT = "The bakery was founded by Anna in 1898."


def in_a_child(function: str, *arguments: object) -> str:
    """Run a function of this module in a process of its own: what native code does to it is seen from outside."""
    code = f"import sys; from tests import test_damage; test_damage.{function}(*sys.argv[1:])"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def search(data_dir: str) -> None:
    with Index(Path(data_dir), SETTINGS, HashEmbedding()) as index:
        sys.stdout.write(index.search(TEXT, 1)[0].source + "\n")


def damage_each(data_dir: str, damage: str) -> None:
    """Damage a file, search, then the next file of what there is by then."""
    for number in range(FILES):
        damaged = files(Path(data_dir))[number]
        DAMAGE[damage](damaged)
        search(data_dir)
        assert damaged not in files(Path(data_dir))  # it was built again elsewhere
    assert not [finding for finding in examine(Path(data_dir)) if finding.state != "ok"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    (folder / "bakery.txt").write_text(TEXT, encoding="utf-8")
    for number in range(40):
        (folder / f"{number}.txt").write_text(f"This is text number {number}.", encoding="utf-8")
    return folder


@pytest.fixture
def data_dir(folder: Path, tmp_path: Path) -> Path:
    index_folder(folder, tmp_path / "d", SETTINGS, embedder=HashEmbedding())
    return tmp_path / "d"


def files(data_dir: Path) -> list[Path]:
    """The files of the current generation, by name."""
    newest = max((data_dir / "chroma").iterdir())
    return sorted((path for path in newest.rglob("*") if path.is_file()), key=lambda path: path.name)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def overwrite(path: Path) -> None:
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 16] = bytes(255 - byte for byte in data[middle : middle + 16])
    path.write_bytes(data)


def fill_with_noise(path: Path) -> None:
    path.write_bytes(b"\xff\x00junk" * (path.stat().st_size // 6 + 1))


FILES = 6
DAMAGE: dict[str, Callable[[Path], None]] = {
    "truncate": truncate,
    "empty": empty,
    "overwrite": overwrite,
    "fill with noise": fill_with_noise,
    "delete": Path.unlink,
}


def test_reading_changes_no_file_of_a_generation(data_dir: Path) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files(data_dir)}
    assert len(before) == FILES
    assert in_a_child("search", data_dir) == "bakery.txt\n"
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files(data_dir)} == before


@pytest.mark.parametrize("damage", DAMAGE)
def test_whatever_happens_to_a_file_of_chroma_the_right_answer_comes(data_dir: Path, damage: str) -> None:
    assert in_a_child("damage_each", data_dir, damage) == "bakery.txt\n" * FILES


def test_a_missing_or_foreign_part_of_a_generation_is_mended(data_dir: Path) -> None:
    for spoil in (
        lambda: shutil.rmtree(data_dir / "chroma"),
        lambda: shutil.rmtree(files(data_dir)[1].parent),
        lambda: (files(data_dir)[0].parent / "chroma.sqlite3-wal").write_bytes(b"stray"),
    ):
        spoil()
        assert in_a_child("search", data_dir) == "bakery.txt\n"


def test_the_indexer_mends_it_too_and_embeds_nothing(folder: Path, data_dir: Path) -> None:
    overwrite(files(data_dir)[1])
    assert index_folder(folder, data_dir, SETTINGS, embedder=HashEmbedding()).embedded_texts == 0
    assert {finding.state for finding in examine(data_dir)} == {"ok"}


def test_a_reader_that_may_not_mend_says_who_writes(data_dir: Path) -> None:
    with Index(data_dir, SETTINGS, HashEmbedding()) as index:
        truncate(files(data_dir)[1])
        with (
            writer(data_dir),
            pytest.raises(IndexBusyError, match=r"cannot be built again now: .* is being written by process"),
        ):
            index.search(TEXT, 1)
        assert index.search(TEXT, 1)[0].source == "bakery.txt"


def test_a_large_generation_is_known_by_size_and_time_and_examined_by_digest(tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(bytes(SMALL + 1))
    manifest = Manifest.of(tmp_path, 1)
    status = (tmp_path / "data.bin").stat()
    (tmp_path / "data.bin").write_bytes(b"\1" + bytes(SMALL))
    assert "data.bin is damaged" in str(manifest.fault(tmp_path))
    os.utime(tmp_path / "data.bin", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert manifest.fault(tmp_path) is None
    assert "data.bin is damaged" in str(manifest.fault(tmp_path, thorough=True))
    (tmp_path / "data.bin").write_bytes(bytes(SMALL + 1))  # copied: another time, the same bytes
    assert manifest.fault(tmp_path) is None
    assert (
        Manifest.from_json(
            {"count": 1, "removed": 0, "files": {"data.bin": [SMALL + 1, 0, manifest.files["data.bin"][2]]}}
        ).fault(tmp_path)
        is None
    )


def test_what_only_a_digest_tells_is_found_by_the_doctor_and_mended_by_the_indexer(
    folder: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.manifest.SMALL", 0)
    status = files(data_dir)[1].stat()
    overwrite(files(data_dir)[1])
    os.utime(files(data_dir)[1], ns=(status.st_atime_ns, status.st_mtime_ns))
    assert [finding.check for finding in examine(data_dir) if finding.state == "wrong"] == ["Chroma's files"]
    index_folder(folder, data_dir, SETTINGS, embedder=HashEmbedding())
    assert {finding.state for finding in examine(data_dir)} == {"ok"}


def test_a_generation_without_its_manifest_is_not_whole(data_dir: Path) -> None:
    store = Store.create(data_dir)
    basis = space(store).basis
    assert whole(store, data_dir, basis)
    store.set_meta("chroma", None)
    assert not whole(store, data_dir, basis)
    store.close()
    assert in_a_child("search", data_dir) == "bakery.txt\n"


def spoil_the_schema(path: Path) -> None:
    """SQLite's message quotes what it finds there, which is not even UTF-8."""
    data = path.read_bytes()
    assert b"NOT NULL" in data[:4096]
    path.write_bytes(data[:4096].replace(b"NOT NULL", b"NOT \xac\xb2\xfe\xff") + data[4096:])


@pytest.mark.parametrize("damage", [truncate, fill_with_noise, spoil_the_schema])
def test_a_damaged_sqlite_file_is_named_and_rebuild_moves_it_aside(
    folder: Path, data_dir: Path, damage: Callable[[Path], None]
) -> None:
    path = data_dir / "polycite.sqlite3"
    damage(path)
    content = path.read_bytes()
    for attempt in (
        lambda: search_with(data_dir),
        lambda: index_folder(folder, data_dir, SETTINGS, embedder=HashEmbedding()),
    ):
        with pytest.raises(DataDirError, match=r"polycite\.sqlite3 is damaged.*'polycite index FOLDER --rebuild'"):
            attempt()
    assert any(finding.state == "wrong" and "--rebuild" in finding.detail for finding in examine(data_dir))
    report = index_folder(folder, data_dir, SETTINGS, embedder=HashEmbedding(), rebuild=True)
    assert report.set_aside == data_dir / "polycite.sqlite3.aside-1"
    assert report.set_aside.read_bytes() == content
    assert len(report.added) == 41
    assert search_with(data_dir) == "bakery.txt"
    assert {finding.state for finding in examine(data_dir)} == {"ok"}
    assert index_folder(folder, data_dir, SETTINGS, embedder=HashEmbedding(), rebuild=True).set_aside is None


def search_with(data_dir: Path) -> str:
    with Index(data_dir, SETTINGS, HashEmbedding()) as index:
        return index.search(TEXT, 1)[0].source


def test_the_log_of_a_damaged_file_goes_with_it(folder: Path, data_dir: Path) -> None:
    fill_with_noise(data_dir / "polycite.sqlite3")
    (data_dir / "polycite.sqlite3-wal").write_bytes(b"log")
    index_folder(folder, data_dir, SETTINGS, embedder=HashEmbedding(), rebuild=True)
    assert (data_dir / "polycite.sqlite3.aside-1-wal").read_bytes() == b"log"


def test_an_index_of_another_version_is_named_and_rebuild_moves_it_aside(folder: Path, data_dir: Path) -> None:
    store = Store.create(data_dir)
    store.set_meta("format", 1)
    store.close()
    with pytest.raises(DataDirError, match=r"another version .*--rebuild"):
        search_with(data_dir)
    assert index_folder(folder, data_dir, SETTINGS, embedder=HashEmbedding(), rebuild=True).set_aside
    assert search_with(data_dir) == "bakery.txt"
