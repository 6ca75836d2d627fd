"""Folders of documents that change at random and can tell, each by itself, whether they are whole."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from pathlib import Path

_SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in ("a", "e", "i", "o", "u", "an", "el", "or")]
_WORDS = 20  # of a paragraph, which is one sentence and, with 32 tokens at most, one chunk
_SEAL = "\n\nSealed "  # begins the last paragraph, which holds the digest of those before


def is_whole(text: str) -> bool:
    """Whether a document ends with the seal of all its paragraphs."""
    body, _, seal = text.rpartition(_SEAL)
    return _digest(body) == seal.rstrip(".")


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a document, without its seal."""
    return text.split("\n\n")[:-1]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class World:
    """Folders with documents, as they are on disk and as readers are to see them.

    Attributes:
        folders: the folders; document ids of all but the first begin with the folder's name.
        written: for each folder, the documents on disk by id.
        seen: for each folder, what the last run that came to its end has published.
    """

    def __init__(self, root: Path, chance: random.Random, *, folders: Sequence[str], documents: int, size: int) -> None:
        self._chance = chance
        self._size = size
        self._serial = 0
        self.folders = [root / name for name in folders]
        self.written: list[dict[str, str]] = [{} for _ in folders]
        self.seen: list[dict[str, str]] = [{} for _ in folders]
        for number, folder in enumerate(self.folders):
            folder.mkdir(parents=True)
            for _ in range(documents // len(folders)):
                self._add(number)

    def change(self, number: int) -> None:
        """Add, change and remove some documents of a folder."""
        for _ in range(self._chance.randint(1, 3)):
            names = sorted(self.written[number])
            action = self._chance.choice(("add", "change", "change", "remove"))
            if action == "add" or len(names) < 3:
                self._add(number)
            elif action == "change":
                self._write(number, self._chance.choice(names))
            else:
                self._remove(number, self._chance.choice(names))

    def settle(self, number: int) -> None:
        """A run on this folder has come to its end."""
        self.seen[number] = dict(self.written[number])

    def may_be_seen(self, number: int) -> list[dict[str, str]]:
        """What readers may find after a run on this folder was killed: all of before, or all of after."""
        before = {name: text for folder in self.seen for name, text in folder.items()}
        others = {
            name: text for index, folder in enumerate(self.seen) if index != number for name, text in folder.items()
        }
        return [before, others | self.written[number]]

    def _add(self, number: int) -> None:
        self._serial += 1
        prefix = f"{self.folders[number].name}/" if number else ""
        self._write(number, f"{prefix}document-{self._serial}.txt")

    def _remove(self, number: int, name: str) -> None:
        del self.written[number][name]
        self._path(number, name).unlink()

    def _write(self, number: int, name: str) -> None:
        body = "\n\n".join(self._paragraph() for _ in range(self._size))
        self.written[number][name] = f"{body}{_SEAL}{_digest(body)}."
        self._path(number, name).write_text(self.written[number][name], encoding="utf-8")

    def _path(self, number: int, name: str) -> Path:
        return self.folders[number] / (name.partition("/")[2] if number else name)

    def _paragraph(self) -> str:
        words = ["".join(self._chance.choices(_SYLLABLES, k=self._chance.randint(1, 3))) for _ in range(_WORDS)]
        return " ".join(words).capitalize() + "."
