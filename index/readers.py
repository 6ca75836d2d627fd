"""Files to documents: which files of a folder are read, and why a file is not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from index.errors import PolyciteError, UsageError
from index.extract import ExtractError, check, extract, is_plain
from index.extract_child import EXTRACTOR
from index.language import detect_language
from index.types import Document

SUFFIXES = (".txt", ".md", ".html", ".htm", ".pdf", ".docx")


class SkippedFileError(PolyciteError):
    """This file is not read; the message is the reason."""


class UnreadableFileError(SkippedFileError):
    """A file cannot be read just now; what it holds is not known."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the folder: its name (path inside the folder, with ``/``), where it is, and its bytes when found."""

    name: str
    path: Path
    size: int


def find_files(folder: Path) -> tuple[list[File], list[tuple[str, str]]]:
    """List the files below ``folder`` by name, and the folders below it that cannot be listed, with the reason.

    Hidden files and folders are left out, links to folders are not followed.

    Raises:
        UsageError: there is no such folder, or it cannot be listed.
    """
    if not folder.is_dir():
        kind = "is a file, not a folder" if folder.exists() else "does not exist"
        raise UsageError(f"{folder} {kind}; give the folder that holds your documents")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise UsageError(f"{folder} cannot be listed: permission denied; check that you may read it")
    try:
        str(folder.resolve()).encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"the path {str(folder)!a} is not valid UTF-8; rename the folder") from error
    closed: list[tuple[str, str]] = []

    def note(error: OSError) -> None:
        closed.append(
            (f"{Path(error.filename).relative_to(folder).as_posix()}/", f"cannot be listed: {error.strerror}")
        )

    return sorted(_walk(folder, note), key=lambda file: file.name), closed


def _walk(folder: Path, note: Callable[[OSError], None]) -> Iterator[File]:
    for directory, folders, names in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(directory, name)
            if not name.startswith("."):
                yield File(path.relative_to(folder).as_posix(), path, _size(path))


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # gone since it was listed: reading it will say so
        return 0


def read_bytes(file: File, folder: Path, max_bytes: float) -> bytes:
    """Read a file that is one to read.

    Raises:
        SkippedFileError: another type, too large, empty, not readable, or a link that leads out of the folder.
    """
    if file.path.suffix.lower() not in SUFFIXES:
        raise SkippedFileError(f"not one of {' '.join(SUFFIXES)}")
    try:
        file.name.encode()
    except UnicodeEncodeError as error:
        raise SkippedFileError("its name is not valid UTF-8") from error
    try:
        if not file.path.resolve().is_relative_to(folder.resolve()):
            raise SkippedFileError("a link that leads out of the folder")
        if not file.path.is_file():
            raise SkippedFileError("not a regular file, or a link that leads nowhere")
        size = file.path.stat().st_size
        if size > max_bytes:
            raise SkippedFileError(f"{size / 1e6:.1f} MB is over the limit max_file_mb = {max_bytes / 1e6:g}")
        return file.path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(f"cannot be read: {error.strerror or error}") from error
    except RuntimeError as error:  # what Python 3.11 makes of a link to itself
        raise SkippedFileError("a link that leads to itself") from error


def to_document(doc_id: str, data: bytes) -> Document:
    """Make the document that a file's bytes hold; raises SkippedFileError where they hold no text."""
    suffix = PurePosixPath(doc_id).suffix
    try:
        found = extract(suffix, data) if is_plain(suffix) else EXTRACTOR.extract(suffix, data)
    except ExtractError as reason:
        raise SkippedFileError(str(reason)) from reason
    return Document(doc_id, found.text, detect_language(found.text), digest(data), found.read_as, found.pages)


def check_text(name: str, data: bytes) -> None:
    """Refuse at a glance, without reading it, what holds no text; raises SkippedFileError."""
    try:
        check(PurePosixPath(name).suffix, data)
    except ExtractError as reason:
        raise SkippedFileError(str(reason)) from reason


def digest(data: bytes) -> str:
    """SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(data).hexdigest()
