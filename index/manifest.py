"""What a finished generation consists of, file by file, so that damage is seen before native code reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

SMALL = 8_000_000  # bytes of a generation that are always read: some milliseconds

Entry = tuple[int, int, str]  # bytes, time of the last change in ns, digest


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of a generation by their path inside it, and how many vectors they hold and have held.

    Attributes:
        count: vectors to be found.
        removed: vectors deleted since the graph was made anew.
    """

    count: int
    removed: int
    files: dict[str, Entry]

    @classmethod
    def of(cls, folder: Path, count: int, removed: int = 0) -> Manifest:
        """Take down what is there."""
        return cls(count, removed, {name: (*_size_and_time(path), _digest(path)) for name, path in _files(folder)})

    @classmethod
    def from_json(cls, value: object) -> Manifest:
        """Read what ``to_json`` gave; of None comes a manifest that no folder answers to."""
        parts = cast("dict[str, object]", value or {"count": 0, "removed": 0, "files": {"": (0, 0, "")}})
        files = cast("dict[str, list[object]]", parts["files"])
        return cls(
            cast("int", parts["count"]),
            cast("int", parts["removed"]),
            {name: cast("Entry", tuple(entry)) for name, entry in files.items()},
        )

    def to_json(self) -> dict[str, object]:
        """The form that JSON takes."""
        return {"count": self.count, "removed": self.removed, "files": self.files}

    def fault(self, folder: Path, *, thorough: bool = False) -> str | None:
        """Say which file is not as it was, or None.

        Files of a large generation whose size and time are right are taken to be right, unless ``thorough``.
        """
        found = dict(_files(folder))
        for name in sorted(self.files.keys() | found.keys()):
            if name not in found:
                return f"{folder / name} is missing"
            if name not in self.files:
                return f"{folder / name} does not belong there"
        trusting = not thorough and sum(size for size, _, _ in self.files.values()) > SMALL
        for name, (size, time, digest) in self.files.items():
            known = _size_and_time(found[name])
            if known[0] != size or (not (trusting and known[1] == time) and _digest(found[name]) != digest):
                return f"{folder / name} is damaged"
        return None


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.rglob("*"):
        if not path.is_dir() or path.is_symlink():
            yield path.relative_to(folder).as_posix(), path


def _size_and_time(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_size, status.st_mtime_ns


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
