"""A folder and its index over time: only what changed is embedded, readers see whole generations, faults are named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from index import Index, index_folder, load_settings
from index.datadir import writer
from index.errors import DataDirError, IndexBusyError, IndexMismatchError, IndexMissingError, UsageError
from tests.conftest import ROOT

SETTINGS = load_settings()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "more").mkdir(parents=True)
    (folder / "bees.md").write_text("Bees make honey. A hive holds 40,000 bees in summer.\n", encoding="utf-8")
    (folder / "more" / "mond.txt").write_text("Der Mond ist 384.400 km von der Erde entfernt.\n", encoding="utf-8")
    return folder


def found(data_dir: Path, question: str) -> str:
    with Index(data_dir, SETTINGS) as index:
        return index.search(question, 1)[0].source


def test_a_first_run_then_nothing_to_do(folder: Path, tmp_path: Path) -> None:
    first = index_folder(folder, tmp_path / "d", SETTINGS)
    assert first.added == ["bees.md", "more/mond.txt"]
    assert first.embedded_texts > 0
    again = index_folder(folder, tmp_path / "d", SETTINGS)
    assert again.unchanged == ["bees.md", "more/mond.txt"]
    assert again.embedded_texts == 0
    assert found(tmp_path / "d", "Wie weit ist der Mond weg?") == "more/mond.txt"


def test_changed_removed_and_added(folder: Path, tmp_path: Path) -> None:
    index_folder(folder, tmp_path / "d", SETTINGS)
    (folder / "bees.md").write_text("Bees make honey. A hive holds 50,000 bees in summer.\n", encoding="utf-8")
    (folder / "more" / "mond.txt").unlink()
    (folder / "sun.txt").write_text("The Sun is a star.", encoding="utf-8")
    report = index_folder(folder, tmp_path / "d", SETTINGS)
    assert (report.changed, report.removed, report.added) == (["bees.md"], ["more/mond.txt"], ["sun.txt"])
    assert report.embedded_texts == 3  # the changed sentence, its chunk, the new document; the kept sentence is not
    with Index(tmp_path / "d", SETTINGS) as index:
        assert [item.source for item in index.documents()] == ["bees.md", "sun.txt"]
        assert "50,000" in index.search("How many bees are in a hive?", 1)[0].text
        assert {item.source for item in index.search("moon", 10)} == {"bees.md", "sun.txt"}


def test_an_open_reader_sees_the_next_generation_and_never_half_of_it(folder: Path, tmp_path: Path) -> None:
    index_folder(folder, tmp_path / "d", SETTINGS)
    with Index(tmp_path / "d", SETTINGS) as index:
        assert index.search("star", 5)
        (folder / "sun.txt").write_text("The Sun is a star.", encoding="utf-8")
        index_folder(folder, tmp_path / "d", SETTINGS)
        assert index.search("Is the sun a star?", 1)[0].source == "sun.txt"


def test_what_a_killed_run_prepared_is_not_seen_and_not_embedded_twice(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    index_folder(folder, data_dir, SETTINGS)
    (folder / "sun.txt").write_text("The Sun is a star.", encoding="utf-8")
    # Kill the process when the documents are in SQLite and Chroma's folder is about to be written.
    code = (
        "import os, signal, sys; from pathlib import Path; from index import index_folder, load_settings, vectors\n"
        "vectors.build = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n"
        "index_folder(Path(sys.argv[1]), Path(sys.argv[2]), load_settings())"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(folder), str(data_dir)], cwd=ROOT, check=False)
    assert killed.returncode == -9
    with Index(data_dir, SETTINGS) as index:
        assert [item.source for item in index.documents()] == ["bees.md", "more/mond.txt"]
    report = index_folder(folder, data_dir, SETTINGS)
    assert report.embedded_texts == 0
    assert found(data_dir, "Is the sun a star?") == "sun.txt"


def test_a_lost_chroma_folder_is_rebuilt_without_embedding(folder: Path, tmp_path: Path) -> None:
    index_folder(folder, tmp_path / "d", SETTINGS)
    shutil.rmtree(tmp_path / "d" / "chroma")
    assert index_folder(folder, tmp_path / "d", SETTINGS).embedded_texts == 0
    assert found(tmp_path / "d", "How many bees?") == "bees.md"


def test_several_folders_in_one_index(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "docs"
    other.mkdir(parents=True)
    (other / "bees.md").write_text("Wasps make paper.", encoding="utf-8")
    index_folder(folder, tmp_path / "d", SETTINGS)
    assert index_folder(other, tmp_path / "d", SETTINGS).added == ["docs/bees.md"]
    assert index_folder(folder, tmp_path / "d", SETTINGS).removed == []
    with Index(tmp_path / "d", SETTINGS) as index:
        assert [item.source for item in index.documents()] == ["bees.md", "docs/bees.md", "more/mond.txt"]


def test_other_settings_are_named_and_rebuild_mends_it(folder: Path, tmp_path: Path) -> None:
    index_folder(folder, tmp_path / "d", SETTINGS)
    other = load_settings(chunk_tokens=64)
    with pytest.raises(IndexMismatchError, match=r"chunk_tokens 250 instead of 64.*--rebuild"):
        index_folder(folder, tmp_path / "d", other)
    with pytest.raises(IndexMismatchError, match="--rebuild"):
        Index(tmp_path / "d", other)
    index_folder(folder, tmp_path / "d", other, rebuild=True)
    with Index(tmp_path / "d", other) as index:
        assert index.search("How many bees?", 1)[0].source == "bees.md"


def test_offsets_count_code_points_whatever_the_line_ends(folder: Path, tmp_path: Path) -> None:
    text = "\ufeffTitle 😀\r\n\r\nBees 🐝 make honey.\r\nA hive holds 40,000 bees.\r\n"
    (folder / "bees.md").write_bytes(text.encode("utf-8"))
    index_folder(folder, tmp_path / "d", SETTINGS)
    with Index(tmp_path / "d", SETTINGS) as index:
        document = index.document("bees.md")
        assert document is not None
        assert document.text == text.removeprefix("\ufeff")
        for item in index.search("How many bees are in a hive?", 5):
            whole = index.document(item.source)
            assert whole is not None
            assert item.span.of(whole.text) == item.text
            assert all(sentence.span.of(whole.text) == sentence.text for sentence in item.sentences)


def test_files_that_are_skipped_are_named_with_the_reason(folder: Path, tmp_path: Path) -> None:
    (folder / "picture.txt").write_bytes(b"\x89PNG\0\0")
    (folder / "cut.pdf").write_bytes(b"%PDF-1.4")
    (folder / "big.txt").write_text("x" * 2_000_000, encoding="utf-8")
    (folder / "blank.txt").write_text(" \n", encoding="utf-8")
    (folder / "data.csv").write_text("1", encoding="utf-8")
    (folder / "out.txt").symlink_to("/etc/hostname")
    (folder / ".hidden.txt").write_text("hidden", encoding="utf-8")
    (folder / os.fsdecode(b"bad\xff.txt")).write_text("text", encoding="utf-8")
    report = index_folder(folder, tmp_path / "d", load_settings(max_file_mb=1))
    reasons = dict(report.skipped)
    assert report.added == ["bees.md", "more/mond.txt"]
    assert "binary" in reasons["picture.txt"]
    assert "cannot be read as .pdf" in reasons["cut.pdf"]
    assert "2.0 MB is over the limit max_file_mb = 1" in reasons["big.txt"]
    assert "no text" in reasons["blank.txt"]
    assert ".md" in reasons["data.csv"]
    assert "out of the folder" in reasons["out.txt"]
    assert "name" in reasons["bad\udcff.txt"]
    assert len(reasons) == 7


def test_a_document_whose_file_is_no_text_any_more_leaves_the_index(folder: Path, tmp_path: Path) -> None:
    index_folder(folder, tmp_path / "d", SETTINGS)
    (folder / "bees.md").write_bytes(b"\xff\xfe\xfa")
    report = index_folder(folder, tmp_path / "d", SETTINGS)
    assert report.removed == ["bees.md"]
    assert [name for name, _ in report.skipped] == ["bees.md"]
    assert found(tmp_path / "d", "How many bees are in a hive?") == "more/mond.txt"


def test_nothing_to_index_leaves_the_index_alone(folder: Path, tmp_path: Path) -> None:
    index_folder(folder, tmp_path / "d", SETTINGS)
    for path in folder.rglob("*.*"):
        path.unlink()
    with pytest.raises(UsageError, match="nothing to index"):
        index_folder(folder, tmp_path / "d", SETTINGS)
    assert found(tmp_path / "d", "How many bees are in a hive?") == "bees.md"
    with pytest.raises(UsageError, match="does not exist"):
        index_folder(tmp_path / "nowhere", tmp_path / "d", SETTINGS)
    with pytest.raises(UsageError, match="nothing to index"):
        index_folder(folder, tmp_path / "fresh", SETTINGS)
    assert not (tmp_path / "fresh").exists()


def test_one_writer_at_a_time_and_the_second_is_told_who(folder: Path, tmp_path: Path) -> None:
    with writer(tmp_path / "d"), pytest.raises(IndexBusyError, match=f"process {os.getpid()} since"):
        index_folder(folder, tmp_path / "d", SETTINGS)
    assert index_folder(folder, tmp_path / "d", SETTINGS).added


def test_a_data_dir_that_is_a_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "d").write_text("", encoding="utf-8")
    with pytest.raises(DataDirError, match="is a file, not a folder"):
        index_folder(folder, tmp_path / "d", SETTINGS)
    with pytest.raises(DataDirError, match="is a file, not a folder"):
        Index.open(load_settings(data_dir=tmp_path / "d"))


def test_a_data_dir_without_an_index(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match="polycite index"):
        Index.open(load_settings(data_dir=tmp_path))
    with pytest.raises(IndexMissingError, match="polycite index"):
        Index.open(load_settings())


def test_a_file_named_like_another_folders_document_is_skipped_and_neither_is_lost(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "docs").mkdir()
    (folder / "docs" / "bees.md").write_text("Bees of the first folder.", encoding="utf-8")
    index_folder(folder, tmp_path / "d", SETTINGS)
    other = tmp_path / "other" / "docs"
    other.mkdir(parents=True)
    (other / "bees.md").write_text("Wasps of the second folder.", encoding="utf-8")
    assert index_folder(other, tmp_path / "d", SETTINGS).added == ["docs-2/bees.md"]
    (folder / "docs-2").mkdir()
    (folder / "docs-2" / "bees.md").write_text("A late comer.", encoding="utf-8")
    report = index_folder(folder, tmp_path / "d", SETTINGS)
    assert [name for name, _ in report.skipped] == ["docs-2/bees.md"]
    with Index(tmp_path / "d", SETTINGS) as index:
        kept = index.document("docs-2/bees.md")
        assert kept is not None
        assert kept.text == "Wasps of the second folder."


def test_documents_of_a_folder_that_cannot_be_listed_stay(folder: Path, tmp_path: Path) -> None:
    index_folder(folder, tmp_path / "d", SETTINGS)
    code = "import sys; from ui.cli import main; sys.exit(main(sys.argv[1:]))"
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    command = [sys.executable, "-c", code, "index", str(folder), "--data-dir", str(tmp_path / "d")]
    (folder / "more").chmod(0o000)
    try:
        done = subprocess.run(
            [*(drop if os.geteuid() == 0 else []), *command], capture_output=True, text=True, check=False
        )
    finally:
        (folder / "more").chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert "0 removed" in done.stdout
    assert "skipped 'more/': cannot be listed" in done.stdout


def test_links_to_themselves_and_wide_spaces_do_not_end_a_run(folder: Path, tmp_path: Path) -> None:
    (folder / "loop.txt").symlink_to("loop.txt")
    (folder / "word.txt").write_text("Vitamin A\u00a0. Next. B\u3000. End.", encoding="utf-8")
    report = index_folder(folder, tmp_path / "d", SETTINGS)
    assert "word.txt" in report.added
    assert [name for name, _ in report.skipped] == ["loop.txt"]


def test_a_passage_is_found_among_a_thousand_copies_of_another_every_time(folder: Path, tmp_path: Path) -> None:
    (folder / "log.txt").write_text("2024-01-01 INFO service started on port 8080\n" * 1200, encoding="utf-8")
    (folder / "bakery.txt").write_text("Die Bäckerei Hölzl wurde 1898 von Anna Hölzl gegründet.", encoding="utf-8")
    for number in range(3):
        index_folder(folder, tmp_path / f"d{number}", SETTINGS)
        assert found(tmp_path / f"d{number}", "Wer hat die Bäckerei Hölzl gegründet?") == "bakery.txt"


def test_an_index_that_was_never_filled_is_missing_not_damaged(tmp_path: Path) -> None:
    (tmp_path / "polycite.sqlite3").write_bytes(b"")
    with pytest.raises(IndexMissingError, match="nothing is indexed"):
        Index(tmp_path, SETTINGS)
