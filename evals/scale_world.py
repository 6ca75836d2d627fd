"""Texts of any number, and an embedder that is quick and yet puts texts of the same words near each other."""

from __future__ import annotations

import hashlib
import random
from functools import cache
from pathlib import Path

import numpy as np

from evals.hash_embedding import HashEmbedding
from index.types import FloatArray

WIDTH = 384  # as e5's
DOCUMENT_CHUNKS = 100
CHUNK_TOKENS = 32
_SENTENCE_WORDS = 12  # two of them make a paragraph, which is a chunk
_QUESTION_WORDS = 8
_TOPIC_WORDS = 150  # known to a document
_SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in ("a", "e", "i", "o", "u", "an", "el", "or")]
_VOCABULARY = 20_000


class BagEmbedding(HashEmbedding):
    """A text's vector is the sum of its words', each of which is drawn from its digest, whatever the text."""

    model_name: str = "bag"

    @classmethod
    def class_name(cls) -> str:
        """Name under which LlamaIndex serializes it."""
        return "BagEmbedding"

    def _get_text_embedding(self, text: str) -> list[float]:
        total = np.sum([_word_vector(word) for word in text.lower().replace(".", "").split()], axis=0)
        vector: list[float] = (total / np.linalg.norm(total)).tolist()
        return vector


@cache
def _word_vector(word: str) -> FloatArray:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
    return np.random.default_rng(seed).standard_normal(WIDTH).astype(np.float32)


def write_documents(folder: Path, chunks: int) -> None:
    """Write documents that make so many chunks."""
    folder.mkdir(parents=True)
    for number in range(chunks // DOCUMENT_CHUNKS):
        write_document(folder, number)


def write_document(folder: Path, number: int, version: int = 0) -> None:
    """Write one document about its own words."""
    chance = random.Random(f"{number}.{version}")
    topic = chance.sample(_vocabulary(), _TOPIC_WORDS)
    paragraphs = [
        " ".join(" ".join(chance.choices(topic, k=_SENTENCE_WORDS)).capitalize() + "." for _ in range(2))
        for _ in range(DOCUMENT_CHUNKS)
    ]
    (folder / f"{number:06d}.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")


def questions(folder: Path, count: int) -> list[str]:
    """Some words of so many paragraphs, in another order."""
    chance = random.Random(count)
    files = sorted(folder.glob("*.txt"))
    asked = []
    for _ in range(count):
        paragraph = chance.choice(chance.choice(files).read_text(encoding="utf-8").split("\n\n"))
        words = paragraph.lower().replace(".", "").split()
        asked.append(" ".join(chance.sample(words, _QUESTION_WORDS)) + "?")
    return asked


@cache
def _vocabulary() -> list[str]:
    chance = random.Random(0)
    return sorted({"".join(chance.choices(_SYLLABLES, k=3)) for _ in range(_VOCABULARY)})
