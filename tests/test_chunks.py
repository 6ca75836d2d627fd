from __future__ import annotations

from index.chunks import make_chunks
from index.sentences import split_sentences


def words(text: str) -> int:
    return len(text.split())


def test_whole_sentences_within_the_budget() -> None:
    text = " ".join(f"This is number {n}." for n in range(20))
    sentences = split_sentences(text, "en")
    chunks = make_chunks(text, sentences, 10, words)
    assert all(chunk.tokens == words(chunk.of(text)) <= 10 for chunk in chunks)
    assert [(chunk.first, chunk.last) for chunk in chunks] == [(n, n + 1) for n in range(0, 20, 2)]
    assert all(
        chunk.start == sentences[chunk.first].start and chunk.end == sentences[chunk.last].end for chunk in chunks
    )


def test_a_chunk_half_full_ends_with_its_paragraph() -> None:
    text = "One two three four five six.\n\nSeven eight.\n\nNine ten."
    chunks = make_chunks(text, split_sentences(text, "en"), 10, words)
    assert [chunk.of(text) for chunk in chunks] == ["One two three four five six.", "Seven eight.\n\nNine ten."]


def test_nothing_makes_no_chunk() -> None:
    assert make_chunks("", [], 10, words) == []
