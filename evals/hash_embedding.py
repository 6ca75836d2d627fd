"""A stand-in for an embedder where only speed and exactness count: a text's vector is drawn from its digest."""

from __future__ import annotations

import hashlib

import numpy as np
from llama_index.core.base.embeddings.base import BaseEmbedding

WIDTH = 64


class HashEmbedding(BaseEmbedding):
    """The same text always has the same vector, other texts have unrelated ones; a question is found word for word."""

    model_name: str = "hash"
    embed_batch_size: int = 2048

    @classmethod
    def class_name(cls) -> str:
        """Name under which LlamaIndex serializes it."""
        return "HashEmbedding"

    def count_tokens(self, text: str) -> int:
        """Count words."""
        return len(text.split())

    def _get_text_embedding(self, text: str) -> list[float]:
        digest = hashlib.blake2b(text.encode()).digest()
        vector: list[float] = (np.frombuffer(digest, np.uint8).astype(np.float32) - 127.5).tolist()
        return vector

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)
