"""A conversation as Markdown, with the quotes behind each answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.types import Answer

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&$!+-])")


def markdown(answers: Sequence[Answer]) -> str:
    """Each question with its answer, its quotes and where they stand."""
    return "\n".join(_turn(answer) for answer in answers)


def _turn(given: Answer) -> str:
    parts = [f"## {_plain(given.question)}\n"]
    parts += [f"{_plain(line)}\n" for line in given.text.splitlines() if line.strip()]
    for citation in given.citations:
        quote = "\n".join(f"> {_plain(line)}" for line in citation.quote.splitlines())
        place = f"{_plain(citation.source)} · {citation.language} · {citation.start}–{citation.end}"
        parts.append(f"{quote}\n>\n> [{citation.number}] {place}\n")
    return "\n".join(parts)


def _plain(words: str) -> str:
    """Text that Markdown shows as it is; the marks of citations stay."""
    escaped = _SPECIAL.sub(r"\\\1", words)
    return re.sub(r"\\\[(\d)\\\]", r"[\1]", escaped)
