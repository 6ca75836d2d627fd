"""Ranking: what candidates are worth beside each other, as answers to one question."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from index.types import FloatArray

# Chosen together on half of XQuAD's paragraphs and the tune split of the golden questions; the figures in
# docs/benchmarks.md are of the other parts. All of them may be a third more or less without much change.
SENTENCE_WEIGHT = 0.7
COMMON_SHARE = 0.4
NUMBER_WEIGHT = 0.1
MOST_NUMBERS = 1.5
REPEAT_WEIGHT = 0.05


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk's unit vector (width,), those of its sentences (n, width), and the numbers that it names."""

    chunk: FloatArray
    sentences: FloatArray
    numbers: frozenset[Decimal]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate's number, its score, and its sentences' scores (n,)."""

    candidate: int
    score: float
    sentences: FloatArray


def rank(asked: FloatArray, numbers: frozenset[Decimal], candidates: Sequence[Candidate], k: int) -> list[Ranked]:
    """Order candidates, and keep the ``k`` best.

    A chunk's similarity to the question is joined with that of its best sentence. Three things correct it:

    - What all candidates have in common, the mean of their sentences, tells none from another, so a part of it does
      not count: near passages in a dense place of the space crowd out others (hubness: Radovanović, Nanopoulos and
      Ivanović 2010, "Hubs in Space", JMLR 11; centering against it: Suzuki et al. 2013, EMNLP).
    - A number of the question that a candidate names, in whatever form, is worth the more the fewer name it.
    - A passage much like one that is ranked above it, perhaps in another language, gives way to what is new (maximal
      marginal relevance: Carbonell and Goldstein 1998, SIGIR).

    Args:
        asked: the question's unit vector, shape (width,).
        numbers: that the question names.
        candidates: in any order, each with a sentence at least.
        k: how many to keep.
    """
    if not candidates:
        return []
    common = np.concatenate([candidate.sentences for candidate in candidates]).mean(axis=0)
    aim, level = asked - COMMON_SHARE * common, COMMON_SHARE * float(common @ common)
    sentences = [candidate.sentences @ aim + level for candidate in candidates]
    chunks = np.stack([candidate.chunk for candidate in candidates])
    best = np.array([scores.max() for scores in sentences])
    joined = (1 - SENTENCE_WEIGHT) * (chunks @ aim + level) + SENTENCE_WEIGHT * best
    joined += NUMBER_WEIGHT * _shared_numbers(numbers, candidates)
    order = _unlike_first(joined, chunks, k)
    return [Ranked(number, score, sentences[number]) for number, score in order]


def _shared_numbers(numbers: frozenset[Decimal], candidates: Sequence[Candidate]) -> FloatArray:
    """For each candidate how much the question's numbers speak for it: up to 1 for each that no other names."""
    naming = Counter(number for candidate in candidates for number in numbers & candidate.numbers)
    total = math.log(max(len(candidates), 2))
    weights = {number: (math.log(len(candidates) / count) / total) ** 2 for number, count in naming.items()}
    shared = [sum(weights[number] for number in numbers & candidate.numbers) for candidate in candidates]
    return np.minimum(np.array(shared, dtype=np.float32), MOST_NUMBERS)


def _unlike_first(scores: FloatArray, chunks: FloatArray, k: int) -> list[tuple[int, float]]:
    """The ``k`` best, each with its score less what it repeats of those before it."""
    likeness = np.zeros(len(scores), dtype=np.float32)
    left = scores.copy()
    order = []
    for _ in range(min(k, len(scores))):
        chosen = int(np.argmax(left - REPEAT_WEIGHT * likeness))
        order.append((chosen, float(scores[chosen] - REPEAT_WEIGHT * likeness[chosen])))
        left[chosen] = -np.inf
        likeness = np.maximum(likeness, chunks @ chunks[chosen])
    return order
