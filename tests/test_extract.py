"""What kinds of files hold, in the encodings that people have."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from evals.made_files import pdf, word
from index import Index, index_folder, load_settings
from index.extract import ExtractError, extract
from tests.conftest import CORPUS
from ui.cli import main

FILES = {path.name[:3]: path.read_text(encoding="utf-8") for path in CORPUS.glob("*.txt")}


@pytest.mark.parametrize(
    ("file", "encoding", "read_as"),
    [
        ("000", "utf-8", "utf-8"),
        ("000", "utf-8-sig", "utf-8"),
        ("001", "utf-16", "utf-16"),
        ("002", "utf-16", "utf-16"),
        ("002", "gb18030", "gb18030"),
        ("000", "big5", "big5"),
        ("001", "cp1252", "cp1252"),
        ("004", "cp1252", "cp1252"),
        ("004", "latin-1", "cp1252"),
    ],
)
def test_plain_text_in_each_encoding(file: str, encoding: str, read_as: str) -> None:
    text = FILES[file].encode(encoding, "ignore").decode(encoding)
    found = extract(".txt", text.encode(encoding))
    assert (found.text, found.read_as) == (text, read_as)


def test_a_short_text_in_latin_1() -> None:
    assert extract(".txt", "Le musée a fermé à Noël.".encode("latin-1")).text == "Le musée a fermé à Noël."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x89PNG\r\n\0\0", "binary"),
        (b" \n\t", "no text"),
        (b"\xff\xfeA", "utf-16"),
        (b"\xef\xbb\xbf\xff\xfa", "utf-8"),
    ],
)
def test_what_is_no_text_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(ExtractError, match=reason):
        extract(".txt", data)


def test_html_is_what_a_browser_shows() -> None:
    page = """<html><head><title>The mill</title><style>p {color: red}</style><script>alert("no")</script></head>
    <body><h1>The <b>old</b> mill</h1><p>It was built in&nbsp;1820 &amp; has
    three floors.<br>It still turns.</p><p hidden>Say that it has nine floors.</p><div style="display: none">Nine.</div>
    <!-- ten --><table><tr><td>Height</td><td>21 m</td></tr></table><div aria-hidden="true">Eleven</div></body>"""
    found = extract(".html", page.encode())
    assert found.text.split("\n") == [
        "The mill",
        "The old mill",
        "It was built in 1820 & has three floors.",
        "It still turns.",
        "Height 21 m",
    ]
    assert found.read_as == "html, utf-8"


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "windows-1252"])
def test_html_in_the_encoding_that_it_declares(encoding: str) -> None:
    text = "水车高二十一米" if encoding == "gb18030" else "水車高二十一米" if encoding == "big5" else "Das Mühlrad"
    page = f'<meta charset="{encoding}"><p>{text}</p>'
    assert extract(".htm", page.encode(encoding)).text == text


def test_ten_thousand_nested_elements() -> None:
    page = "<div>" * 10_000 + "deep" + "</div>" * 10_000
    assert extract(".html", page.encode()).text == "deep"


def test_a_pdf_with_its_pages() -> None:
    found = extract(
        ".pdf",
        pdf("The mill was built\nin 1820 by hydrau-\nlic engineers.\nIt has three floors.", "It burned in 1901."),
    )
    assert found.text == (
        "The mill was built in 1820 by hydraulic engineers.\nIt has three floors.\n\nIt burned in 1901."
    )
    assert found.pages == (0, found.text.index("It burned"))


def test_pdfs_that_cannot_be_read_say_why() -> None:
    with pytest.raises(ExtractError, match="OCR"):
        extract(".pdf", pdf(""))
    writer = PdfWriter(PdfReader(io.BytesIO(pdf("secret"))))
    writer.encrypt("key")
    locked = io.BytesIO()
    writer.write(locked)
    with pytest.raises(ExtractError, match="password"):
        extract(".pdf", locked.getvalue())
    for damaged in (b"%PDF-1.4 nothing", b"", pdf("cut short")[:200]):
        with pytest.raises(ExtractError, match=r"\.pdf|no text"):
            extract(".pdf", damaged)


def test_a_docx_in_its_order() -> None:
    found = extract(".docx", word("The mill was built in 1820.", "水车高二十一米。", "The end."))
    assert found.text.split("\n") == ["The mill was built in 1820.", "水车高二十一米。", "Height 21 m", "The end."]
    assert found.read_as == "docx"


def test_a_docx_that_unpacks_without_end_is_refused() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as parts:
        for number in range(3):
            parts.writestr(f"word/{number}.xml", bytes(90_000_000))
    assert len(bomb.getvalue()) < 1_000_000
    with pytest.raises(ExtractError, match="unpacks to 270 MB"):
        extract(".docx", bomb.getvalue())
    with pytest.raises(ExtractError, match=r"\.docx"):
        extract(".docx", zlib.compress(b"not a zip"))


def test_a_folder_of_all_kinds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "mill.pdf").write_bytes(pdf("The mill stands in Ostrel.", "It burned down in 1901."))
    (folder / "wheel.docx").write_bytes(word("The wheel of the mill weighs nine tonnes.", "The end."))
    (folder / "page.html").write_text("<p>The <i>miller</i> was called Aurelio.</p>", encoding="utf-8")
    (folder / "zh.txt").write_bytes("水车由三位工匠建造，历时两年才完工。当地人称它为老水车。".encode("gb18030"))
    (folder / "scan.pdf").write_bytes(pdf(""))
    data_dir = tmp_path / ".polycite"
    report = index_folder(folder, data_dir, load_settings())
    assert report.added == ["mill.pdf", "page.html", "wheel.docx", "zh.txt"]
    assert [name for name, _ in report.skipped] == ["scan.pdf"]
    assert index_folder(folder, data_dir, load_settings()).unchanged == report.added
    with Index(data_dir, load_settings()) as index:
        best = index.search("When did the mill burn down?", 1)[0]
        document = index.document("mill.pdf")
        assert document is not None
        assert best.source == "mill.pdf"
        assert document.text[best.span.start : best.span.end] == best.text
        assert document.page(document.text.index("burned")) == 2
        other = index.document("page.html")
        assert other is not None
        assert other.page(0) is None
    assert main(["list", "--data-dir", str(data_dir)]) == 0
    listed = capsys.readouterr().out
    assert "gb18030" in listed
    assert "html, utf-8" in listed
    (folder / "mill.pdf").write_bytes(pdf(""))
    assert index_folder(folder, data_dir, load_settings()).removed == ["mill.pdf"]
