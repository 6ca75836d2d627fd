"""The documents behind the page: they come and go while it is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from index import index_folder, load_settings
from index.errors import IndexMissingError, UsageError
from ui.library import UPLOADS, Library

BRIDGE = "The bridge of Olmar is 312 metres long."


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    opened = Library(tmp_path / ".polycite", load_settings(llm="none"))
    yield opened
    opened.close()


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    file = tmp_path / "bridge.txt"
    file.write_text(BRIDGE, encoding="utf-8")
    return file


def quiet(done: int, total: int) -> None:
    pass


def answer(library: Library, question: str) -> str:
    return library.bot().ask(question).text


def test_it_begins_empty_and_takes_files(library: Library, bridge: Path, tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError):
        library.bot()
    assert library.summaries() == []
    wrong = tmp_path / "wrong.exe"
    wrong.write_bytes(b"MZ")
    assert [name for name, _ in library.add([wrong], quiet).skipped] == ["wrong.exe"]
    report = library.add([bridge, wrong], quiet)
    assert (report.added, [name for name, _ in report.skipped]) == (["bridge.txt"], ["wrong.exe"])
    assert "312" in answer(library, "How long is the bridge of Olmar?")
    assert not (library.data_dir / UPLOADS / "wrong.exe").exists()


def test_a_file_of_the_same_name_takes_the_others_place(library: Library, bridge: Path) -> None:
    library.add([bridge], quiet)
    bridge.write_text(BRIDGE.replace("312", "313"), encoding="utf-8")
    assert library.add([bridge], quiet).changed == ["bridge.txt"]
    assert "313" in answer(library, "How long is the bridge of Olmar?")


def test_what_was_removed_can_be_added_again(library: Library, bridge: Path) -> None:
    library.add([bridge], quiet)
    library.remove("bridge.txt")
    assert library.summaries() == []
    assert not (library.data_dir / UPLOADS / "bridge.txt").exists()
    assert library.refresh(quiet) == []
    assert library.add([bridge], quiet).added == ["bridge.txt"]
    assert bridge.exists()
    with pytest.raises(UsageError, match="no document"):
        library.remove("tower.txt")


def test_a_folder_beside_it_keeps_its_files(library: Library, bridge: Path, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "tower.txt").write_text("The tower of Olmar has 40 steps.", encoding="utf-8")
    index_folder(folder, library.data_dir, load_settings())
    library.add([bridge], quiet)
    assert [item.source for item in library.summaries()] == ["tower.txt", "uploads/bridge.txt"]
    library.remove("tower.txt")
    assert (folder / "tower.txt").exists()
    assert [item.source for item in library.summaries()] == ["uploads/bridge.txt"]
    (folder / "tower.txt").unlink()
    (library.data_dir / UPLOADS / "bridge.txt").unlink()
    assert library.gone() == {"uploads/bridge.txt"}


def test_asking_goes_on_while_files_are_indexed(library: Library, bridge: Path, tmp_path: Path) -> None:
    library.add([bridge], quiet)
    many = []
    for number in range(30):
        file = tmp_path / f"tower-{number}.txt"
        file.write_text(f"Tower {number} of Olmar has {number + 40} steps. " * 20, encoding="utf-8")
        many.append(file)
    adding = threading.Thread(target=library.add, args=(many, quiet))
    adding.start()
    asked = 0
    while adding.is_alive():
        assert "312" in answer(library, "How long is the bridge of Olmar?")
        asked += 1
    adding.join()
    assert asked > 0
    assert len(library.summaries()) == 31
