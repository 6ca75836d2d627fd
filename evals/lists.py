"""Lists on the command line."""

from __future__ import annotations


def words(text: str) -> list[str]:
    """A list given as one,two,three."""
    return [word for word in text.split(",") if word]


def numbers(text: str) -> list[int]:
    """Whole numbers given as 1,2,3."""
    return [int(word) for word in words(text)]
