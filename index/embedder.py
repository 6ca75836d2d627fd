"""The embedder in use: e5, unless the settings or the caller name another."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np

from index import tokens
from index.e5 import E5_MODEL
from index.errors import ModelError, UsageError
from index.neutral import Basis, frozen_basis
from index.parallel import fingerprint, learn_basis
from index.settings import OLLAMA, Settings
from index.types import FloatArray

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding

_NAMELESS = "unknown"  # what LlamaIndex calls an embedder without a name
_SHORTEST = 1e-12


class Embedder:
    """Texts to unit vectors. The model itself is made when it is first needed, as that takes seconds.

    Attributes:
        name: what the vectors go by; vectors of different names are never mixed.
    """

    def __init__(self, settings: Settings, given: BaseEmbedding | None = None) -> None:
        """``given`` takes the place of what the settings name; its ``model_name`` says which vectors are its own.

        Raises:
            UsageError: it has no name.
        """
        self._settings = settings
        self._given = given
        self.name = E5_MODEL if settings.embedder == "e5" else settings.embedder
        if given is not None:
            self.name = given.model_name
        if self.name == _NAMELESS:
            raise UsageError(
                f"{type(given).__name__} has no model_name, by which an index knows its vectors; give it one"
            )

    @cached_property
    def model(self) -> BaseEmbedding:
        """As LlamaIndex knows it."""
        if self._given is not None:
            return self._given
        if self._settings.embedder.startswith(OLLAMA):
            from index.ollama_embedding import OllamaEmbedding

            model = self._settings.embedder.removeprefix(OLLAMA)
            return OllamaEmbedding(model, self._settings.ollama_url, self._settings.embed_timeout)
        from index.embedding import E5Embedding

        return E5Embedding()

    @property
    def count_tokens(self) -> Callable[[str], int]:
        """The model's own count of a text's tokens (a method of that name) where it has one, else tiktoken's."""
        return cast("Callable[[str], int]", getattr(self.model, "count_tokens", tokens.count_tokens))

    def passages(self, texts: list[str]) -> FloatArray:
        """Embed texts of documents: unit rows (n, width)."""
        return self._unit(self.model.get_text_embedding_batch(texts))

    def question(self, text: str) -> FloatArray:
        """Embed a question: a unit vector (width,)."""
        vector: FloatArray = self._unit([self.model.get_query_embedding(text)])[0]
        return vector

    def basis(self, known: Basis | None) -> Basis:
        """e5's, which is frozen; that of another is ``known`` from an index made by it, or learned now."""
        if self.name == E5_MODEL:
            return frozen_basis()
        if known is not None and known.fingerprint == fingerprint(self.name):
            return known
        return learn_basis(self.passages, self.name)

    def _unit(self, vectors: list[list[float]]) -> FloatArray:
        rows = np.asarray(vectors, np.float32)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if not np.isfinite(lengths).all():
            raise ModelError(f"{self.name} gave a vector that is no number; check it, or use another")
        unit: FloatArray = rows / np.maximum(lengths, _SHORTEST)  # half precision holds numbers up to 65,504 only
        return unit


def basis_fingerprint(name: str) -> str:
    """The fingerprint of the basis that an index by this embedder has."""
    return frozen_basis().fingerprint if name == E5_MODEL else fingerprint(name)
