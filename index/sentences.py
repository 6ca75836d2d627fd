"""Sentences with exact offsets.

Scripts with spaces are cut by Wikimedia's ``sentencex``, which knows the abbreviations of many languages; Chinese and
Japanese by their own marks, which are unambiguous. A line break always ends a sentence, and an endless one is cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import sentencex

from index.language import is_unspaced
from index.types import Sentence

MAX_CHARS = 600  # a longer sentence is cut, so that a quote stays a quote and an embedder sees all of it
WINDOW = 4_000  # characters that sentencex sees at a time: what it takes grows with the square of a line of !" and such

_LINE = re.compile(r"[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_CLOSING = "”’」』）》〉】〕〗\"'）)]"
# The end of a sentence in Chinese or Japanese, with the marks that close behind it. ASCII marks end one there too, but
# not inside an address or a number.
_CJK_END = re.compile(
    rf"(?:[。！？｡]|…+|[!?](?![A-Za-z0-9=&/])|\.(?=[{re.escape(_CLOSING)}]*(?:\s|$)))+[{re.escape(_CLOSING)}]*"
)
# A closing quote in mid-sentence: 他说“很好。”然后走了 goes on, so the mark within the quote ends nothing.
_GOES_ON = re.compile(r"[，、；：,;:的地得]")
# Titles that sentencex cuts in some languages: "M. Macron".
_TITLE = re.compile(r"(?:^|[\s(«„“\"])(?:M|MM|Mme|Mlle|Dr|Pr|Prof|Mr|Mrs|Ms|St|Hr|Fr)\.\s*$")
_INITIAL = re.compile(r"(?:^|[\s(.])[A-ZÀ-Þ]\.\s*$")
_SPACE = re.compile(r"[\s\ud800-\udfff]")
_SOFT_BREAKS = (re.compile(r"[;；:：,，、]\s*"), re.compile(r"\s+"))


def split_sentences(text: str, language: str, fits: Callable[[str], bool] = lambda piece: True) -> list[Sentence]:
    """Cut ``text`` into sentences, in order and without overlap.

    Every character that is not white space belongs to exactly one sentence. No sentence has more than ``MAX_CHARS``
    code points, and one that does not fit (an embedder's limit in tokens, say) is halved until its pieces do.
    """
    sentences: list[Sentence] = []
    for match in _LINE.finditer(text):
        line, offset = match.group(), match.start()  # group() copies, so once
        for start, end in _cut_line(line, language):
            for piece_start, piece_end in _limit(line, start, end, fits):
                stripped = _strip(text, offset + piece_start, offset + piece_end)
                if stripped:
                    sentences.append(stripped)
    return sentences


def _cut_line(line: str, language: str) -> Iterable[tuple[int, int]]:
    if is_unspaced(language):
        return _cut_unspaced(line)
    return _cut_spaced(line, language)


def _cut_unspaced(line: str) -> Iterator[tuple[int, int]]:
    start = 0
    for mark in _CJK_END.finditer(line):
        within_quote = line[mark.end() - 1] in _CLOSING
        if mark.end() < len(line) and not (within_quote and _GOES_ON.match(line, mark.end())):
            yield start, mark.end()
            start = mark.end()
    yield start, len(line)


def _cut_spaced(line: str, language: str) -> Iterator[tuple[int, int]]:
    start = 0
    for end in _ends(line, language.split("-")[0]):
        piece = line[start:end]
        # What is too long is cut anyway, and to search it again with each further piece would take its square.
        if end < len(line) and len(piece) <= MAX_CHARS and (_TITLE.search(piece) or _INITIAL.search(piece)):
            continue
        yield start, end
        start = end
    if start < len(line):
        yield start, len(line)


def _ends(line: str, language: str) -> Iterator[int]:
    """Where sentencex ends sentences, a window at a time; the last of a window may go on, so the next begins there."""
    # sentencex panics on a capital letter, a no-break space and a period, and takes no lone surrogates; plain spaces
    # keep the offsets.
    plain = _SPACE.sub(" ", line)
    start = 0
    while start < len(plain):
        window = plain[start : start + WINDOW]
        ends = [start + boundary["end_index"] for boundary in sentencex.get_sentence_boundaries(language, window)]
        goes_on = start + WINDOW < len(plain)
        yield from ends[:-1] if goes_on and len(ends) > 1 else ends
        start = ends[-2] if goes_on and len(ends) > 1 else start + len(window)


def _limit(line: str, start: int, end: int, fits: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    while end - start > MAX_CHARS:
        cut = _last_break(line, start + MAX_CHARS // 2, start + MAX_CHARS)
        yield from _halve(line, start, cut, fits)
        start = cut
    yield from _halve(line, start, end, fits)


def _halve(line: str, start: int, end: int, fits: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    if end - start < 2 or fits(line[start:end]):
        yield start, end
        return
    cut = _last_break(line, (3 * start + end) // 4, (start + end + 1) // 2)
    yield from _halve(line, start, cut, fits)
    yield from _halve(line, cut, end, fits)


def _last_break(line: str, low: int, high: int) -> int:
    for pattern in _SOFT_BREAKS:
        ends = [match.end() for match in pattern.finditer(line, low, high)]
        if ends:
            return ends[-1]
    return high


def _strip(text: str, start: int, end: int) -> Sentence | None:
    piece = text[start:end]
    lead = len(piece) - len(piece.lstrip())
    kept = piece.strip()
    return Sentence(start + lead, start + lead + len(kept)) if kept else None
