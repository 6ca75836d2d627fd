"""What a person reads in the terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index import Evidence, IndexReport
from index.database import FILE_NAME
from index.doctor import Finding
from index.store import DocumentSummary
from qa.phrases import phrase
from qa.types import Answer, Verification

# Escape sequences and marks that turn the direction of writing could make a terminal show what is not there.
_HARMFUL = re.compile(r"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """Replace what would drive the terminal instead of being shown."""
    return _HARMFUL.sub("\N{REPLACEMENT CHARACTER}", text)


def answer(given: Answer) -> str:
    """The answer with its sources, or the abstention with the closest passages."""
    if given.abstained:
        passages = [f"  {passage.quote}\n  ({_place(passage)})" for passage in given.closest]
        head = [given.text, *([phrase("closest", given.language)] if passages else [])]
        return harmless("\n\n".join([*head, *passages]))
    shown = {sentence.text for sentence in given.sentences}
    lines = [given.text, ""]
    for citation in given.citations:
        lines.append(f"[{citation.number}] {_place(citation)}")
        if citation.quote not in shown:
            lines.append(f"    {citation.quote}")
    lines += [f"Withheld: {item.text} ({item.reason})" for item in given.withheld]
    return harmless("\n".join(lines))


def greeting(model: str) -> str:
    """What a chat begins with."""
    who = "Answers are quotes." if model == "none" else f"{model} words the answers where the documents bear it out."
    return f"Ask away; Ctrl-D ends. {who}"


def verification(found: Verification) -> str:
    """Each sentence with its verdict, and the words that support it or the reason why none do."""
    cited = {citation.number: citation for citation in found.citations}
    lines = []
    for sentence in found.sentences:
        lines.append(f"{sentence.verdict:<11}  {sentence.text}")
        for citation in (cited[number] for number in sentence.citations):
            lines.append(f"             [{citation.number}] {citation.quote}\n             {_place(citation)}")
        if sentence.reason:
            lines.append(f"             {sentence.reason}")
    return harmless("\n".join(lines))


def evidence(found: Sequence[Evidence]) -> str:
    """Search results, best first."""
    if not found:
        return "Nothing is indexed."
    return harmless(
        "\n\n".join(
            f"{item.score:.3f}  {_where(item.source, item.language, item.span.start, item.span.end)}\n{item.text}"
            for item in found
        )
    )


def documents(summaries: Sequence[DocumentSummary]) -> str:
    """A table of the documents."""
    if not summaries:
        return "The index is empty; fill it with 'polycite index FOLDER'."
    rows = [("DOCUMENT", "LANGUAGE", "READ AS", "CHARACTERS", "CHUNKS")]
    rows += [
        (
            *(harmless(item.source).replace("\n", " "), item.language, item.read_as),
            *(f"{item.characters:,}", f"{item.chunks:,}"),
        )
        for item in summaries
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        f"{name:<{widths[0]}}  {language:<{widths[1]}}  {read_as:<{widths[2]}}  "
        f"{characters:>{widths[3]}}  {chunks:>{widths[4]}}"
        for name, language, read_as, characters, chunks in rows
    )


def index_report(report: IndexReport, hint: str) -> str:
    """The closing line of a run, the skipped files, and what to do next."""
    counts = ", ".join(
        f"{len(items)} {name}"
        for name, items in (
            ("added", report.added),
            ("changed", report.changed),
            ("removed", report.removed),
            ("unchanged", report.unchanged),
            ("skipped", report.skipped),
        )
    )
    skipped = [f"  skipped {harmless(name)!r}: {reason}" for name, reason in report.skipped]
    aside = [f"  the damaged {FILE_NAME} is now {report.set_aside}; if other folders were in it, index them again"]
    return "\n".join([*(aside if report.set_aside else []), *skipped, f"{counts}. Ask with: {hint}"])


def findings(found: Sequence[Finding]) -> str:
    """A line for each check."""
    return harmless(
        "\n".join(
            " ".join(f"{item.state:<5}  {item.check}{': ' * bool(item.detail)}{item.detail}".split("\n"))
            for item in found
        )
    )


def _place(item: object) -> str:
    return _where(item.source, item.language, item.start, item.end)  # type: ignore[attr-defined]


def _where(source: str, language: str, start: int, end: int) -> str:
    return f"{source} · {language} · characters {start}–{end}".replace("\n", " ")
