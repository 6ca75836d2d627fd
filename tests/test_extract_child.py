"""The child process that reads PDF, DOCX and HTML: its limits, its end, and that a fault costs one file only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evals.made_files import docx_of, pdf, word
from index.extract import ExtractError, extract
from index.extract_child import Extractor, Limits

PAGE = b"<p>The mill was built in 1820.</p>"
TEXT = "The mill was built in 1820."
SLOW = b"<p>word</p>" * 1_000_000


@pytest.fixture
def extractor() -> Iterator[Extractor]:
    with Extractor(Limits(seconds=30, seconds_per_mb=0, megabytes=300)) as made:
        yield made


def child_of(extractor: Extractor) -> int:
    assert extractor._child is not None
    return extractor._child.pid


def spans(count: int) -> bytes:
    cell = f'<w:tc><w:tcPr><w:gridSpan w:val="{count}"/></w:tcPr><w:p><w:r><w:t>Wide</w:t></w:r></w:p></w:tc>'
    return docx_of(
        b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:tbl><w:tr>'
        + cell.encode()
        + b"</w:tr></w:tbl></w:body></w:document>"
    )


@pytest.mark.parametrize(
    ("suffix", "data"),
    [(".html", PAGE), (".PDF", pdf(TEXT, "It burned.")), (".docx", word(TEXT, "The end.")), (".htm", "水车".encode())],
)
def test_it_reads_what_is_read_without_it(extractor: Extractor, suffix: str, data: bytes) -> None:
    assert extractor.extract(suffix, data) == extract(suffix, data)


def test_it_gives_the_same_reasons(extractor: Extractor) -> None:
    for suffix, data in ((".pdf", pdf("")), (".html", b"\0"), (".docx", b"no zip")):
        with pytest.raises(ExtractError) as here:
            extract(suffix, data)
        with pytest.raises(ExtractError) as there:
            extractor.extract(suffix, data)
        assert str(here.value) == str(there.value)


def test_one_child_reads_file_after_file(extractor: Extractor) -> None:
    children = set()
    for _ in range(3):
        assert extractor.extract(".html", PAGE).text == TEXT
        with pytest.raises(ExtractError):
            extractor.extract(".pdf", b"")
        children.add(child_of(extractor))
    assert len(children) == 1


def test_what_takes_too_much_memory_is_refused_and_the_next_is_read(extractor: Extractor) -> None:
    extractor.extract(".html", PAGE)
    before = child_of(extractor)
    with pytest.raises(ExtractError, match=r"cannot be read as \.docx: it takes more than 300 MB of memory"):
        extractor.extract(".docx", spans(2**31 - 1))
    assert extractor.extract(".html", PAGE).text == TEXT
    assert child_of(extractor) != before


def test_what_takes_too_long_is_refused_and_the_next_is_read() -> None:
    with Extractor(Limits(seconds=1, seconds_per_mb=0)) as extractor:
        began = time.monotonic()
        with pytest.raises(ExtractError, match=r"cannot be read as \.html: it takes more than 1 seconds"):
            extractor.extract(".html", SLOW)
        assert time.monotonic() - began < 10
    with Extractor(Limits(seconds=20)) as extractor:
        assert extractor.extract(".html", PAGE).text == TEXT


def test_a_child_that_is_killed_at_rest_is_no_fault_of_the_next_file(extractor: Extractor) -> None:
    extractor.extract(".html", PAGE)
    assert extractor._child is not None
    extractor._child.kill()
    extractor._child.wait()
    assert extractor.extract(".html", PAGE).text == TEXT


def test_threads_take_turns(extractor: Extractor) -> None:
    pages = [f"<p>Page {number}</p>".encode() for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda page: extractor.extract(".html", page).text, pages))
    assert found == [f"Page {number}" for number in range(40)]


def test_a_crash_of_a_parser_costs_one_file(extractor: Extractor) -> None:
    extractor.extract(".html", PAGE)
    crash = threading.Timer(0.5, os.kill, (child_of(extractor), signal.SIGSEGV))
    crash.start()
    with pytest.raises(ExtractError, match=r"cannot be read as \.html: it crashes its reader"):
        extractor.extract(".html", SLOW)
    assert extractor.extract(".html", PAGE).text == TEXT


@pytest.mark.parametrize(
    "end", ["pass", "os.kill(os.getpid(), 9)", "threading.Timer(0.3, os._exit, (0,)).start(); work()"]
)
def test_it_ends_with_its_parent_however_that_ends(end: str) -> None:
    """The last one leaves a child that is at work: its own limit of time ends it."""
    code = f"""
import os, threading
from index.extract_child import Extractor, Limits
extractor = Extractor(Limits(seconds=1, seconds_per_mb=0))
def work():
    extractor.extract(".html", b"<p>word</p>" * 1_000_000)
with extractor:
    extractor.extract(".html", b"x")
    print(extractor._child.pid, flush=True)
    {end}
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    deadline = time.monotonic() + 20
    while is_running(int(done.stdout)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(int(done.stdout))


def is_running(process: int) -> bool:
    """Whether it is there and not just waiting for somebody to ask for its status."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False


def test_the_one_of_this_process_ends_with_it_without_a_word() -> None:
    code = "from index.extract_child import EXTRACTOR as e; e.extract('.html', b'x'); print(e._child.pid)"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert not is_running(int(done.stdout))


def test_nothing_is_imported_from_the_working_directory(tmp_path: Path, extractor: Extractor) -> None:
    for name in ("json.py", "bs4.py", "lxml.py"):  # the working directory is tmp_path
        (tmp_path / name).write_text("open('obeyed', 'w')", encoding="utf-8")
    assert extractor.extract(".html", PAGE).text == TEXT
    assert not (tmp_path / "obeyed").exists()
