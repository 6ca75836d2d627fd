"""e5 as a LlamaIndex embedding, so that any other BaseEmbedding can take its place."""

from __future__ import annotations

from llama_index.core.base.embeddings.base import BaseEmbedding
from pydantic import PrivateAttr

from index.e5 import E5_MODEL, E5Engine


class E5Embedding(BaseEmbedding):
    """LlamaIndex asks for texts and queries apart, as e5 needs it."""

    model_name: str = E5_MODEL
    embed_batch_size: int = 32

    _engine: E5Engine = PrivateAttr(default_factory=E5Engine)

    @classmethod
    def class_name(cls) -> str:
        """Name under which LlamaIndex serializes it."""
        return "E5Embedding"

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a passage, prefix and special tokens included."""
        return self._engine.count_tokens(text)

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._engine.passages(texts).tolist()
        return vectors

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        vector: list[float] = self._engine.question(query).tolist()
        return vector

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)
