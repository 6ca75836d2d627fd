"""Whether citations point at the words they quote."""

from __future__ import annotations

from collections.abc import Sequence


def exact_offsets(spans: Sequence[tuple[int, int, str]], text: str) -> list[bool]:
    """For each (start, end, quote), whether text[start:end] is the quote, in code points.

    An empty quote shows nothing, and a negative offset is no place in a text: both are False. No paper: polycite's
    promise.
    """
    return [0 <= start < end and text[start:end] == quote for start, end, quote in spans]
