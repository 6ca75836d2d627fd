"""Chunks: whole sentences in a row, within a budget of the embedder's own tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from index.types import Chunk, Sentence

# Where a chunk ends at the latest: of sound text the budget ends it long before, but white space and what an embedder
# passes over cost no tokens, and a chunk that grows on and on is counted anew with each sentence.
MOST_CHARS = 10_000


def make_chunks(
    text: str, sentences: Sequence[Sentence], budget: int, count_tokens: Callable[[str], int]
) -> list[Chunk]:
    """Pack sentences into chunks of at most ``budget`` tokens (one sentence that exceeds it stands alone).

    A chunk that is at least half full ends where a paragraph does, so that chunks follow the text's own parts.
    """
    chunks: list[Chunk] = []
    first = 0
    tokens = 0
    for ordinal, sentence in enumerate(sentences):
        too_long = sentence.end - sentences[first].start > MOST_CHARS
        with_it = 0 if too_long else count_tokens(text[sentences[first].start : sentence.end])
        new_paragraph = ordinal > first and "\n" in text[sentences[ordinal - 1].end : sentence.start]
        if ordinal > first and (too_long or with_it > budget or (new_paragraph and tokens >= budget // 2)):
            chunks.append(_chunk(sentences, first, ordinal - 1, tokens))
            first = ordinal
            with_it = count_tokens(sentence.of(text))
        tokens = with_it
    if sentences:
        chunks.append(_chunk(sentences, first, len(sentences) - 1, tokens))
    return chunks


def _chunk(sentences: Sequence[Sentence], first: int, last: int, tokens: int) -> Chunk:
    return Chunk(sentences[first].start, sentences[last].end, first, last, tokens)
