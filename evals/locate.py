"""Where a golden passage stands in the documents of a corpus."""

from __future__ import annotations

from collections.abc import Sequence

from evals.goldenset import Passage
from evals.results import SupportingPassage
from index import Document, Span
from index.errors import UsageError


def locate(passages: Sequence[Passage], documents: dict[str, Document], place: str) -> tuple[SupportingPassage, ...]:
    """Find each passage: by its offsets where the document is the seed, else by its quote.

    Raises:
        UsageError: a document or a quote is not there; ``place`` says which row asked for it.
    """
    return tuple(_locate(passage, documents, place) for passage in passages)


def covers(span: Span, passage: SupportingPassage, source: str) -> bool:
    """Whether a chunk of ``source`` holds the whole passage."""
    return source == passage.source and span.start <= passage.start and passage.end <= span.end


def overlaps_half(start: int, end: int, source: str, passage: SupportingPassage) -> bool:
    """Whether a citation and the passage share at least half of the shorter of the two."""
    shared = min(end, passage.end) - max(start, passage.start)
    return source == passage.source and 2 * shared >= min(end - start, passage.end - passage.start)


def _locate(passage: Passage, documents: dict[str, Document], place: str) -> SupportingPassage:
    document = documents.get(passage.document)
    if document is None:
        raise UsageError(f"{place}: document {passage.document!r} is not in the corpus; check --corpus and the row")
    if document.sha256 == passage.seed_sha256 and passage.seed_start is not None and passage.seed_end is not None:
        start, end = passage.seed_start, passage.seed_end
    else:
        start = document.text.find(passage.quote)
        end = start + len(passage.quote)
        if start < 0:
            raise UsageError(f"{place}: the quote is not in {passage.document}; copy it from 'polycite show' exactly")
    text = document.text[start:end]
    return SupportingPassage(source=document.id, language=document.language, start=start, end=end, text=text)
