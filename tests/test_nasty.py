"""A folder of files that are made to harm: each is read within its limits or skipped with a reason, and none beside it.

Nothing outside the folder is read or written, and the sound file among them is found.
"""

from __future__ import annotations

import os
import socket
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from evals.hash_embedding import HashEmbedding
from evals.made_files import docx_of, pdf, pdf_of, word
from index import Index, IndexReport, index_folder, load_settings
from index.types import Document

SOUND = "The Lindqvist lighthouse on the island of Sarkholm was built in 1874."
SECRET = "The harbour master keeps the key under the third stone."
SETTINGS = load_settings()

CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
ONE_PAGE = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> /XObject << /X 6 0 R >> >> >>"
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
SHOWN = b"BT /F1 12 Tf 72 720 Td (Shown) Tj ET"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def stream(body: bytes, entries: bytes = b"", length: bytes = b"") -> bytes:
    return b"<< /Length %s %s >>\nstream\n%s\nendstream" % (length or b"%d" % len(body), entries, body)


def page_of(content: bytes, form: bytes = b"null") -> bytes:
    return pdf_of(CATALOG, ONE_PAGE, PAGE, content, FONT, form)


def tree(depth: int) -> bytes:
    """A page tree of 2 ** depth pages, in a few lines."""
    nodes = [b"<< /Type /Pages /Count 1 /Kids [%d 0 R %d 0 R] >>" % (n + 1, n + 1) for n in range(2, depth + 2)]
    return pdf_of(CATALOG, *nodes, b"<< /Type /Page /Parent 2 0 R >>")


def paragraph(text: str, before: str = "") -> bytes:
    xml = f"<?xml version='1.0'?>{before}<w:document {W}><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body>"
    return docx_of(f"{xml}</w:document>".encode())


def table(cell: str) -> bytes:
    return docx_of(
        f"<w:document {W}><w:body><w:tbl><w:tr><w:tc>{cell}</w:tc></w:tr></w:tbl></w:body></w:document>".encode()
    )


def bomb() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as parts:
        parts.writestr("word/document.xml", bytes(201_000_000))
    return out.getvalue()


def laughs() -> str:
    lines = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    return f'<!DOCTYPE w:document [<!ENTITY a0 "ha">{lines}]>'


LONG = 10_000_000
FILES: dict[str, Callable[[], bytes]] = {
    # packed and nested
    "bomb.docx": bomb,
    "spans.docx": lambda: table('<w:tcPr><w:gridSpan w:val="2000000"/></w:tcPr><w:p><w:r><w:t>Wide</w:t></w:r></w:p>'),
    "deep.docx": lambda: table("<w:p>" * 100_000 + "</w:p>" * 100_000),
    "laughs.docx": lambda: paragraph("&a11;", laughs()),
    "entity.docx": lambda: paragraph("&a; here", '<!DOCTYPE w:document [<!ENTITY a SYSTEM "../secret.txt">]>'),
    "deep.html": lambda: b"<div>" * 50_000 + b"deep" + b"</div>" * 50_000,
    "open.html": lambda: b"<a><b>" * 20_000 + b"open",
    "comment.html": lambda: b"<p>shown</p>" + b"<!--" * 10_000,
    "brackets.html": lambda: b"<p>shown</p>" + b"<" * 50_000,
    "attributes.html": lambda: b"<p " + b" ".join(b"a%d=1" % n for n in range(50_000)) + b">shown</p>",
    "frame.html": lambda: b'<p>shown</p><iframe src="../secret.txt"></iframe><object data="../secret.txt"></object>',
    "codec.html": lambda: b"<meta charset=punycode><p>shown",
    # PDF
    "itself.pdf": lambda: pdf_of(CATALOG, b"<< /Type /Pages /Count 1 /Kids [2 0 R] >>"),
    "round.pdf": lambda: pdf_of(CATALOG, ONE_PAGE, b"<< /Type /Pages /Count 1 /Kids [2 0 R] >>"),
    "tree.pdf": lambda: tree(40),
    "wide.pdf": lambda: pdf_of(CATALOG, b"<< /Type /Pages /Count 9 /Kids [%s] >>" % (b"3 0 R " * 100_000), PAGE),
    "count.pdf": lambda: pdf_of(
        CATALOG, ONE_PAGE.replace(b"1 ", b"2147483647 ", 1), PAGE, stream(SHOWN), FONT, b"null"
    ),
    "length.pdf": lambda: page_of(stream(SHOWN, length=b"999999999999")),
    "negative.pdf": lambda: page_of(stream(SHOWN, length=b"-5")),
    "own-length.pdf": lambda: page_of(stream(SHOWN, length=b"4 0 R")),
    "own-page.pdf": lambda: pdf_of(CATALOG, ONE_PAGE, PAGE.replace(b"4 0 R", b"3 0 R")),
    "form.pdf": lambda: page_of(
        stream(SHOWN + b" /X Do"), stream(b"/X Do", b"/Subtype /Form /Resources << /XObject << /X 6 0 R >> >>")
    ),
    "flate.pdf": lambda: page_of(stream(zlib.compress(bytes(300_000_000), 1), b"/Filter /FlateDecode")),
    "brackets.pdf": lambda: page_of(stream(b"[" * 100_000)),
    "dictionaries.pdf": lambda: pdf_of(CATALOG, ONE_PAGE, b"<< /A " * 20_000),
    "before.pdf": lambda: pdf("Shown").replace(b"/Root", b"/Prev 9 /Root"),
    "file.pdf": lambda: page_of(stream(SHOWN, b"/F (../secret.txt) /FFilter /ASCIIHexDecode")),
    # text
    "line.txt": lambda: b"x" * LONG,
    "spaces.txt": lambda: b"a" + b" " * 1_000_000 + b"b",
    "dots.md": lambda: b"." * 1_000_000,
    "quotes.txt": lambda: b'!"' * 100_000,
    "lines.txt": lambda: b"a\n" * 30_000,
    "surrogate.txt": lambda: b"half \xed\xa0\x80 a character",
    "surrogate16.txt": lambda: "half \ud800 a character".encode("utf-16", "surrogatepass"),
    "null.txt": lambda: b"null\0byte",
    "null.html": lambda: b"<p>null\0byte",
    "null16.txt": lambda: "null\0byte".encode("utf-16"),
    "empty.txt": lambda: b"",
    "empty.pdf": lambda: b"",
    "empty.docx": lambda: b"",
    "blank.html": lambda: b"<p> </p>",
    "any.txt": lambda: bytes(range(1, 256)) * 4_000,
    # under another name
    "picture.pdf": lambda: b"\x89PNG\r\n\x1a\n" + bytes(100),
    "text.docx": lambda: b"just text",
    "text.pdf": lambda: b"just text",
    "page.docx": lambda: pdf("Shown"),
    "word.pdf": lambda: word("Shown", "Shown"),
    "word.txt": lambda: word("Shown", "Shown"),
    "word.html": lambda: word("Shown", "Shown"),
    "pdf.txt": lambda: pdf("Shown"),
    # names
    "line\nbreak.txt": lambda: b"A name of two lines.",
    "..\\..\\secret.txt": lambda: b"A name for Windows.",
    "..%2fsecret.txt": lambda: b"A name for the web.",
    "...txt": lambda: b"Dots.",
    "-rf.txt": lambda: b"An option.",
    " .txt": lambda: b"A space.",
    "\x1b[2J\u202etxt.exe.txt": lambda: b"A name for the terminal.",
    "C:secret.txt:x.txt": lambda: b"A stream.",
    "n" * 251 + ".txt": lambda: b"As long as a name can be.",
}


@dataclass(frozen=True)
class Nasty:
    """What came of the folder."""

    folder: Path
    data_dir: Path
    report: IndexReport
    documents: dict[str, Document]


def fill(folder: Path) -> None:
    (folder / "sound.txt").write_text(SOUND, encoding="utf-8")
    for name, make in FILES.items():
        (folder / name).write_bytes(make())
    (folder / "link-out.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "link-up.txt").symlink_to("..")
    (folder / "link-itself.txt").symlink_to("link-itself.txt")
    (folder / "link-a.txt").symlink_to("link-b.txt")
    (folder / "link-b.txt").symlink_to("link-a.txt")
    (folder / "link-nowhere.txt").symlink_to("nowhere.txt")
    (folder / "link-device.txt").symlink_to("/dev/zero")
    (folder / "folders").mkdir()
    (folder / "folders" / "round").symlink_to("..")
    (folder / "folders" / "folder.txt").mkdir()
    os.mkfifo(folder / "pipe.txt")
    os.mkfifo(folder / "pipe.pdf")
    (folder / "link-pipe.html").symlink_to("pipe.txt")
    (folder / os.fsdecode(b"\xff.txt")).write_bytes(b"A name that is no UTF-8.")
    with (folder / "endless.txt").open("wb") as endless:
        endless.truncate(1 << 40)
    with socket.socket(socket.AF_UNIX) as listening:
        before = Path.cwd()
        os.chdir(folder)  # an address has at most 108 characters
        listening.bind("socket.txt")
        os.chdir(before)


def everything(folder: Path, but: Path) -> dict[Path, tuple[int, int]]:
    found = (path for path in folder.rglob("*") if not path.is_relative_to(but))
    return {path: (path.lstat().st_size, path.lstat().st_mtime_ns) for path in found}


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Nasty:
    root = tmp_path_factory.mktemp("nasty")
    folder = root / "docs"
    folder.mkdir()
    (root / "secret.txt").write_text(SECRET, encoding="utf-8")
    fill(folder)
    data_dir = root / ".polycite"
    before = everything(root, data_dir)
    report = index_folder(folder, data_dir, SETTINGS, embedder=HashEmbedding())
    assert everything(root, data_dir) == before
    with Index(data_dir, SETTINGS, HashEmbedding()) as index:
        documents = {name: index.document(name) for name in report.added}
    return Nasty(folder, data_dir, report, {name: found for name, found in documents.items() if found})


def test_each_file_is_read_or_skipped_with_a_reason(nasty: Nasty) -> None:
    there = {path.relative_to(nasty.folder).as_posix() for path in nasty.folder.rglob("*") if not path.is_dir()}
    there = {name for name in there if not name.rpartition("/")[2].startswith(".")}
    skipped = dict(nasty.report.skipped)
    assert sorted(nasty.report.added) == sorted(nasty.documents)
    assert {*nasty.report.added, *skipped} >= there
    assert not skipped.keys() & set(nasty.report.added)
    assert all(len(reason.splitlines()) == 1 for reason in skipped.values())


def test_the_sound_one_is_found(nasty: Nasty) -> None:
    with Index(nasty.data_dir, SETTINGS, HashEmbedding()) as index:
        best = index.search(SOUND, 1)[0]
        assert (best.source, best.text) == ("sound.txt", SOUND)


def test_nothing_outside_is_read(nasty: Nasty) -> None:
    assert not [name for name, document in nasty.documents.items() if "harbour master" in document.text]


def test_what_is_read_of_them(nasty: Nasty) -> None:
    assert nasty.documents["deep.html"].text == "deep"
    assert nasty.documents["spans.docx"].text == "Wide"
    assert nasty.documents["codec.html"].text == "shown"
    assert nasty.documents["count.pdf"].text == "Shown"
    assert len(nasty.documents["line.txt"].text) == LONG


def test_why_the_others_are_not(nasty: Nasty) -> None:
    skipped = dict(nasty.report.skipped)
    reasons = {
        "bomb.docx": "it unpacks to 201 MB, over the limit of 200",
        "link-out.txt": "a link that leads out of the folder",
        "link-itself.txt": "a link that leads to itself",
        "link-device.txt": "a link that leads out of the folder",
        "pipe.txt": "not a regular file, or a link that leads nowhere",
        "endless.txt": "1099511.6 MB is over the limit max_file_mb = 20",
        "null.txt": "a binary file, not text",
    }
    assert {name: skipped[name] for name in reasons} == reasons
