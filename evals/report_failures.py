"""What went wrong in a run, as plain data for the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from evals.report_figures import language_name, seconds
from evals.results import CitedWords, FoundChunk, ResultRow, ShownSentence, SupportingPassage

SHOWN_CHUNKS = 5
CONTEXT = 120  # characters kept around what is highlighted
OPENING = 240  # characters kept of a chunk where nothing is highlighted
LONGEST_WORD = 16


@dataclass(frozen=True)
class FailureKind:
    """One way to go wrong."""

    key: str
    title: str
    note: str
    applies: Callable[[ResultRow], bool]


@dataclass(frozen=True)
class Piece:
    """A run of a chunk's text; ``gap`` stands for text left out."""

    text: str
    cited: bool = False
    golden: bool = False
    gap: bool = False


@dataclass(frozen=True)
class ChunkView:
    """A chunk found, as an excerpt around what matters in it."""

    rank: int
    source: str
    language: str
    score: str
    relevant: bool
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class SentenceView:
    """A sentence of the answer and what is wrong with it; ``quoted`` when it is the words of its citation."""

    text: str
    language: str
    quoted: bool
    citations: tuple[int, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Failure:
    """One question that went wrong, with all that is needed to see why."""

    anchor: str
    row: ResultRow
    language: str
    faults: tuple[str, ...]
    facts: tuple[str, ...]
    chunks: tuple[ChunkView, ...]
    sentences: tuple[SentenceView, ...]

    @property
    def quoted(self) -> frozenset[str]:
        """The quotations that are sentences of the answer, and so need not be shown again."""
        return frozenset(sentence.text for sentence in self.sentences if sentence.quoted)


@dataclass(frozen=True)
class FailureGroup:
    """The questions that went wrong in one way; those shown in an earlier group are named only."""

    kind: FailureKind
    shown: tuple[Failure, ...]
    elsewhere: tuple[Failure, ...]

    @property
    def total(self) -> int:
        """How many questions went wrong in this way."""
        return len(self.shown) + len(self.elsewhere)


def retrieved(row: ResultRow) -> bool:
    """Whether a supporting passage is whole in one of the chunks shown here."""
    return any(chunk.relevant for chunk in row.evidence[:SHOWN_CHUNKS])


KINDS = (
    FailureKind(
        "error",
        "Error",
        "The question could not be asked; it has no scores.",
        lambda row: row.error is not None,
    ),
    FailureKind(
        "missed",
        "Not retrieved",
        f"None of the first {SHOWN_CHUNKS} chunks holds a whole supporting passage.",
        lambda row: row.answerable and not retrieved(row),
    ),
    FailureKind(
        "wrong",
        "Retrieved, but not answered right",
        "The passage was found; the answer lacks a part of the golden answer.",
        lambda row: row.answerable and retrieved(row) and not row.abstained and not row.correct,
    ),
    FailureKind(
        "overreach",
        "Answered, though it should have abstained",
        "The documents hold no answer.",
        lambda row: not row.answerable and not row.abstained,
    ),
    FailureKind(
        "silent",
        "Abstained, though answerable",
        "The passage was found, and nothing of it was said.",
        lambda row: row.answerable and retrieved(row) and row.abstained,
    ),
    FailureKind(
        "inexact",
        "A citation is not exact",
        "The document does not have the quoted words at the offsets given.",
        lambda row: any(not citation.exact for citation in row.citations),
    ),
    FailureKind(
        "untrue",
        "A sentence is not true",
        "Shown, and not true by its own citations and the golden answer.",
        lambda row: any(not sentence.true for sentence in row.sentences),
    ),
)


def failure_groups(rows: Sequence[ResultRow]) -> tuple[FailureGroup, ...]:
    """Every way to go wrong with its questions, in the order of KINDS; empty ones too, for none is good news."""
    failures = [_failure(i, row, kinds) for i, row in enumerate(rows) if (kinds := _kinds(row))]
    groups = []
    for kind in KINDS:
        found = [failure for failure in failures if kind.title in failure.faults]
        shown = tuple(failure for failure in found if failure.faults[0] == kind.title)
        groups.append(FailureGroup(kind, shown, tuple(f for f in found if f.faults[0] != kind.title)))
    return tuple(groups)


def _kinds(row: ResultRow) -> list[FailureKind]:
    """The ways in which a row went wrong; an error leaves nothing else to judge."""
    found = [kind for kind in KINDS if kind.applies(row)]
    return found[:1] if row.error is not None else found


def _failure(number: int, row: ResultRow, kinds: Iterable[FailureKind]) -> Failure:
    quoted = {citation.number: citation.language for citation in row.citations}
    return Failure(
        anchor=f"q{number}",
        row=row,
        language=language_name(row.language),
        faults=tuple(kind.title for kind in kinds),
        facts=tuple(_facts(row)),
        chunks=tuple(_chunk(rank, chunk, row) for rank, chunk in enumerate(row.evidence[:SHOWN_CHUNKS], 1)),
        sentences=tuple(_sentence(sentence, row.language, quoted) for sentence in row.sentences),
    )


def _facts(row: ResultRow) -> Iterable[str]:
    """What else is known of a row, a few words each."""
    yield row.id + (f", turn {row.turn}" if row.turn else "")
    yield row.fact
    if row.evidence:
        yield f"confidence {row.confidence:.3f}"
    rank = next((rank for rank, chunk in enumerate(row.evidence, 1) if chunk.relevant), None)
    if rank and rank > SHOWN_CHUNKS:
        yield f"a supporting chunk stands at rank {rank}"
    if row.error is None and row.answerable and row.correct and not retrieved(row):
        yield "answered right all the same"
    if row.model_asked:
        yield f"{row.model}, {row.planned_tokens:,} tokens planned"
    if "total" in row.seconds:
        yield seconds(row.seconds["total"])


def _sentence(sentence: ShownSentence, language: str, quoted: dict[int, str]) -> SentenceView:
    if sentence.quoted and sentence.citations:
        language = quoted.get(sentence.citations[0], language)
    faults = [text for good, text in ((sentence.true, "not true"), (sentence.checked, "not supported")) if not good]
    return SentenceView(sentence.text, language, sentence.quoted, sentence.citations, tuple(faults))


def _chunk(rank: int, chunk: FoundChunk, row: ResultRow) -> ChunkView:
    pieces = excerpt(chunk, row.citations, row.golden_passages)
    return ChunkView(rank, chunk.source, chunk.language, f"{chunk.score:.3f}", chunk.relevant, pieces)


def excerpt(
    chunk: FoundChunk, citations: Sequence[CitedWords], passages: Sequence[SupportingPassage]
) -> tuple[Piece, ...]:
    """A chunk's text around its cited and golden words, those marked; its opening where it has none."""
    cited, golden = _spans(chunk, citations), _spans(chunk, passages)
    size = len(chunk.text)
    wanted = [(start - CONTEXT, end + CONTEXT) for start, end in (*cited, *golden)] or [(0, OPENING)]
    kept = [(_outwards(chunk.text, start, -1), _outwards(chunk.text, end, 1)) for start, end in wanted]
    edges = {0, size, *(edge for span in (*cited, *golden, *kept) for edge in span)}
    cuts = sorted(edges)
    pieces: list[Piece] = []
    for start, end in pairwise(cuts):
        if _within(start, end, kept):
            pieces.append(Piece(chunk.text[start:end], _within(start, end, cited), _within(start, end, golden)))
        elif not (pieces and pieces[-1].gap):
            pieces.append(Piece("", gap=True))
    return tuple(pieces)


def _spans(chunk: FoundChunk, places: Sequence[CitedWords | SupportingPassage]) -> list[tuple[int, int]]:
    """Where the places overlap the chunk, counted from its start."""
    found = [
        (max(place.start, chunk.start) - chunk.start, min(place.end, chunk.end) - chunk.start)
        for place in places
        if place.source == chunk.source
    ]
    return [(start, end) for start, end in found if start < end]


def _outwards(text: str, place: int, step: int) -> int:
    """The nearest edge of a word in one direction; the place itself where none is near, as in Chinese."""
    if not 0 < place < len(text):
        return min(len(text), max(0, place))
    near = range(place, place + LONGEST_WORD * step, step)
    return next((i for i in near if 0 < i < len(text) and (text[i - 1].isspace() or text[i].isspace())), place)


def _within(start: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(low <= start and end <= high for low, high in spans)
