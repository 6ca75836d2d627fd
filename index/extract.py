"""The text that a file's bytes hold: plain text in any usual encoding, HTML, PDF and DOCX."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.errors import PolyciteError

if TYPE_CHECKING:
    from bs4 import Tag
    from bs4.element import PageElement

MOST_PAGES = 5_000
MOST_UNPACKED = 200_000_000  # bytes of a DOCX's parts
MOST_CHARACTERS = 50_000_000
# Tried where a text is not UTF-8; charset-normalizer says which fits best.
ENCODINGS = ["gb18030", "big5", "cp1252", "cp1251", "shift_jis", "euc_kr"]

_MARKED = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_BLOCKS = frozenset(
    "address article aside blockquote body caption dd details dialog div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody tfoot thead title tr ul".split()
)
_UNSEEN = ("script", "style", "noscript", "template")
_UNSEEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"[.!?。！？…:：;；][\"'”’»」』）)]*$")
_EAST_ASIAN = re.compile(r"[\u3040-\u9fff\uff00-\uffef]")


class ExtractError(PolyciteError):
    """No text can be had from these bytes; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """A text; how its bytes were read ("utf-8", "gb18030", "pdf", …); where each page begins, where there are pages."""

    text: str
    read_as: str
    pages: tuple[int, ...] = ()


def extract(suffix: str, data: bytes) -> Extracted:
    """Read bytes by a file name's suffix, such as ``.pdf``; line ends of plain text stay, since offsets count them.

    A stranger's file may keep a parser busy for ever: ``index.extract_child`` gives what is not plain text its limits.

    Raises:
        ExtractError: damaged, locked by a password, too much, without any text, or no text at all.
    """
    try:
        found = _READERS.get(suffix.lower(), _plain)(data)
    except (ExtractError, MemoryError):
        raise
    except Exception as error:  # what the libraries raise for damaged files has no common root
        raise ExtractError(f"cannot be read as {suffix.lower()}: {type(error).__name__}") from error
    if not found.text.strip():
        scan = "; a scan has to be recognized (OCR) first" if found.read_as == "pdf" else ""
        raise ExtractError(f"no text in it{scan}")
    if len(found.text) > MOST_CHARACTERS:
        raise ExtractError(f"its text has {len(found.text):,} characters, over the limit of {MOST_CHARACTERS:,}")
    return found


def is_plain(suffix: str) -> bool:
    """Whether the bytes are text as they are, with nothing to parse."""
    return suffix.lower() not in _READERS


def check(suffix: str, data: bytes) -> None:
    """Refuse at a glance what holds no text; raises ExtractError."""
    if suffix.lower() in (".pdf", ".docx"):
        return
    if b"\0" in data and _marked(data) != "utf-16":
        raise ExtractError("a binary file, not text")
    if not data.strip():
        raise ExtractError("no text in it")


# -- plain text --------------------------------------------------------------------------------------------------------


def _plain(data: bytes) -> Extracted:
    check("", data)
    return Extracted(*_decode(data))


def _decode(data: bytes) -> tuple[str, str]:
    marked = _marked(data)
    if marked:
        try:
            return data.decode(marked), marked.removesuffix("-sig")
        except UnicodeDecodeError as error:
            raise ExtractError(f"not valid {marked} (byte {error.start}), which its first bytes say it is") from error
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _guess(data)


def _marked(data: bytes) -> str:
    return next((name for mark, name in _MARKED if data.startswith(mark)), "")


def _guess(data: bytes) -> tuple[str, str]:
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=ENCODINGS).best()
    if best is None:
        raise ExtractError("not text in an encoding that is known here; save it as UTF-8")
    return data.decode(best.encoding), best.encoding.replace("_", "-")


def _whole(text: str) -> str:
    """Join surrogates that make a character, as PDF has them, and replace lone ones, which could not be stored."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# -- HTML --------------------------------------------------------------------------------------------------------------


def _html(data: bytes) -> Extracted:
    """What a browser would show, a line for each block."""
    from bs4 import BeautifulSoup

    check("", data)
    declared = re.search(rb"charset\s*=\s*[\"']?([\w-]+)", data[:2048], re.IGNORECASE)
    try:
        text, read_as = _decode(data) if not declared else (data.decode(declared[1].decode()), declared[1].decode())
    except (UnicodeError, LookupError):  # not every codec of Python's says where it failed
        text, read_as = _decode(data)
    lines = (" ".join(line.split()) for line in "".join(_shown(BeautifulSoup(_whole(text), "html.parser"))).split("\n"))
    return Extracted("\n".join(line for line in lines if line), f"html, {read_as.lower()}")


def _shown(page: Tag) -> Iterator[str]:
    """What is seen of an element, piece by piece; the tree stays as it is, since each change to it takes long."""
    from bs4 import Tag
    from bs4.element import CData, NavigableString

    waiting: list[tuple[PageElement | str, bool]] = [(page, False)]
    while waiting:
        piece, is_kept = waiting.pop()
        if isinstance(piece, Tag):
            if not _is_unseen(piece):
                yield "\n" if piece.name in _BLOCKS or piece.name == "br" else ""
                waiting.append(("\n" if piece.name in _BLOCKS else " " if piece.name in ("td", "th") else "", True))
                waiting += [(child, is_kept or piece.name == "pre") for child in reversed(piece.contents)]
        elif type(piece) in (NavigableString, CData, str):  # of its own kind are comments and the like
            yield str(piece) if is_kept else _SPACES.sub(" ", str(piece))


def _is_unseen(element: Tag) -> bool:
    return (
        element.name in _UNSEEN
        or (element.name != "title" and element.parent is not None and element.parent.name == "head")
        or "hidden" in element.attrs
        or element.attrs.get("aria-hidden") == "true"
        or bool(_UNSEEN_STYLE.search(str(element.attrs.get("style", ""))))
    )


# -- PDF ---------------------------------------------------------------------------------------------------------------


def _pdf(data: bytes) -> Extracted:
    """The text of each page; a line that is broken within a sentence is joined."""
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it tells of every flaw that it mends
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise ExtractError("locked by a password; save a copy without one")
    if len(reader.pages) > MOST_PAGES:
        raise ExtractError(f"{len(reader.pages):,} pages are over the limit of {MOST_PAGES:,}")
    text, starts = "", []
    for page in reader.pages:
        starts.append(len(text))
        text += _joined(page.extract_text()) + "\n\n"
        if len(text) > MOST_CHARACTERS:
            break  # ``extract`` says that it is too much
    text = text.rstrip()
    return Extracted(text, "pdf", tuple(min(start, len(text)) for start in starts))  # the last pages may be empty


def _joined(page: str) -> str:
    paragraphs: list[str] = []
    open_line = False
    for line in (" ".join(raw.split()) for raw in _whole(page).replace("\0", "").split("\n")):
        if open_line and line:
            paragraphs[-1] = _join(paragraphs[-1], line)
        elif line:
            paragraphs.append(line)
        open_line = bool(line) and not _SENTENCE_END.search(line)
    return "\n".join(paragraphs)


def _join(before: str, after: str) -> str:
    if before.endswith("-") and before[-2:-1].islower() and after[:1].islower():
        return before[:-1] + after  # a word that was divided
    together = _EAST_ASIAN.match(before[-1]) and _EAST_ASIAN.match(after[0])
    return f"{before}{'' if together else ' '}{after}"


# -- DOCX --------------------------------------------------------------------------------------------------------------


def _docx(data: bytes) -> Extracted:
    """Paragraphs and tables in their order."""
    from docx import Document
    from docx.table import Table

    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        unpacked = sum(part.file_size for part in parts.infolist())
        if unpacked > MOST_UNPACKED:
            raise ExtractError(f"it unpacks to {unpacked / 1e6:,.0f} MB, over the limit of {MOST_UNPACKED / 1e6:,.0f}")
    lines: list[str] = []
    for block in Document(io.BytesIO(data)).iter_inner_content():
        if isinstance(block, Table):
            # A cell that is three columns wide comes three times.
            lines += [" ".join(cell.text for cell in dict.fromkeys(row.cells)) for row in block.rows]
        else:
            lines.append(block.text)
    return Extracted("\n".join(line.strip() for line in lines if line.strip()), "docx")


_READERS: dict[str, Callable[[bytes], Extracted]] = {
    ".html": _html,
    ".htm": _html,
    ".pdf": _pdf,
    ".docx": _docx,
}
