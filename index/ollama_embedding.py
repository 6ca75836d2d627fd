"""Embeddings by an Ollama server, as a LlamaIndex embedding.

LlamaIndex has one of its own, which brings a test framework along, waits without end, and lets the server cut long
texts without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import httpx
import ollama
from llama_index.core.base.embeddings.base import BaseEmbedding
from pydantic import PrivateAttr

from index.errors import ModelError

BATCH = 32

# What a model was trained to find before a question and before a text; the models' own pages say so. Others take both
# as they are.
_PREFIXES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "embeddinggemma": ("task: search result | query: ", "title: none | text: "),
        "mxbai-embed-large": ("Represent this sentence for searching relevant passages: ", ""),
        "nomic-embed-text": ("search_query: ", "search_document: "),
        "nomic-embed-text-v2-moe": ("search_query: ", "search_document: "),
        "snowflake-arctic-embed": ("Represent this sentence for searching relevant passages: ", ""),
        "snowflake-arctic-embed2": ("query: ", ""),
    }
)


class OllamaEmbedding(BaseEmbedding):
    """Asks a server for the vectors of texts and queries; ``model_name`` is ``ollama:NAME``."""

    _client: ollama.Client = PrivateAttr()
    _model: str = PrivateAttr()
    _url: str = PrivateAttr()

    def __init__(self, model: str, url: str, timeout: float) -> None:
        """Prepare to ask ``model`` at ``url``, ``timeout`` seconds at most for a batch; nothing is sent yet."""
        super().__init__(model_name=f"ollama:{model}", embed_batch_size=BATCH)
        self._model, self._url = model, url
        self._client = ollama.Client(host=url, timeout=timeout, trust_env=False)

    @classmethod
    def class_name(cls) -> str:
        """Name under which LlamaIndex serializes it."""
        return "OllamaEmbedding"

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._embed([self._prefixes()[1] + text for text in texts])

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._embed([self._prefixes()[0] + query])[0]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _prefixes(self) -> tuple[str, str]:
        name = self._model.partition(":")[0].rpartition("/")[2]
        return _PREFIXES.get(name, ("", ""))

    def _embed(self, texts: list[str]) -> list[list[float]]:
        try:
            answer = self._client.embed(self._model, texts, truncate=False)
        except ollama.ResponseError as error:
            raise ModelError(self._explain(error)) from error
        except httpx.TimeoutException as error:
            raise ModelError(
                f"Ollama at {self._url} did not answer in time; raise embed_timeout, or try again"
            ) from error
        except (ConnectionError, httpx.HTTPError) as error:
            raise ModelError(f"no Ollama at {self._url}; start it with 'ollama serve', or set ollama_url") from error
        vectors = [list(vector) for vector in answer.embeddings]
        if len(vectors) != len(texts):
            raise ModelError(f"Ollama at {self._url} gave {len(vectors)} vectors for {len(texts)} texts; update it")
        return vectors

    def _explain(self, error: ollama.ResponseError) -> str:
        if error.status_code == httpx.codes.NOT_FOUND:
            return f"Ollama at {self._url} has no model {self._model}; get it with 'ollama pull {self._model}'"
        return f"Ollama at {self._url} cannot embed with {self._model}: {' '.join(error.error.split())}"
