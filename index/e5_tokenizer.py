"""e5's tokenizer, a unigram model: of all ways to cut a word into known pieces, the likeliest.

Kudo 2018, "Subword Regularization", https://arxiv.org/abs/1804.10959, section 3.2. No known piece reaches over a space,
so each word is cut on its own. The ``tokenizers`` package gives the same tokens, but takes 300 MB for this vocabulary.
"""

from __future__ import annotations

import re
from functools import lru_cache

from index.e5_weights import Weights

SPACE = "▁"  # what the pieces hold for the space before a word
UNKNOWN_PENALTY = 10.0  # below the unlikeliest piece
CACHED_WORDS = 1 << 15
LONGEST_CACHED = 32  # characters; a text without spaces is one long word


class Tokenizer:
    """Texts to tokens; safe across threads."""

    def __init__(self, weights: Weights) -> None:
        self._scores = weights.scores
        self._unknown = weights.unknown
        self._unknown_score = min(weights.scores) - UNKNOWN_PENALTY
        self._replacements = weights.replacements
        self._tokens = {piece: token for token, piece in enumerate(weights.pieces) if token != weights.unknown}
        self._longest = _longest_by_initial(self._tokens)
        self._cut_cached = lru_cache(CACHED_WORDS)(self._cut)

    def tokens(self, text: str) -> list[int]:
        """Tokens of a text that begins with a word, without the special ones around it."""
        found: list[int] = []
        for word in re.sub(" {2,}", " ", text.translate(self._replacements)).split(" "):
            cut = self._cut_cached if len(word) <= LONGEST_CACHED else self._cut
            found += cut(SPACE + word)
        return found

    def _cut(self, word: str) -> tuple[int, ...]:
        """Viterbi: ``best[i]`` is the score of the likeliest cut of ``word[:i]``; a single character may be unknown."""
        length = len(word)
        best = [0.0] + [float("-inf")] * length
        before, last = [0] * (length + 1), [self._unknown] * (length + 1)
        for start in range(length):
            base = best[start]
            for end in range(start + 1, min(length, start + self._longest.get(word[start], 0)) + 1):
                token = self._tokens.get(word[start:end])
                if token is not None and base + self._scores[token] > best[end]:
                    best[end], before[end], last[end] = base + self._scores[token], start, token
            if base + self._unknown_score > best[start + 1]:
                best[start + 1], before[start + 1] = base + self._unknown_score, start
                last[start + 1] = self._unknown
        tokens = []
        while length:
            tokens.append(last[length])
            length = before[length]
        return tuple(reversed(tokens))


def _longest_by_initial(pieces: dict[str, int]) -> dict[str, int]:
    longest: dict[str, int] = {}
    for piece in pieces:
        if len(piece) > longest.get(piece[0], 0):
            longest[piece[0]] = len(piece)
    return longest
