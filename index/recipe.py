"""What the vectors of an index depend on besides the texts: they must not be mixed with others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from index.e5 import E5_MODEL
from index.errors import IndexMismatchError, UsageError
from index.settings import Settings

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding

SPLITTER = 1  # raise it when sentences or chunks come out differently, so that an old index is seen to be old
_NAMELESS = "unknown"  # what LlamaIndex calls an embedder without a name


def embedder_name(embedder: BaseEmbedding | None) -> str:
    """What the vectors go by; None is e5.

    Raises:
        UsageError: the embedder has no name.
    """
    name = E5_MODEL if embedder is None else embedder.model_name
    if name == _NAMELESS:
        raise UsageError(
            f"{type(embedder).__name__} has no model_name, by which an index knows its vectors; give it one"
        )
    return name


def recipe(settings: Settings, embedder: BaseEmbedding | None = None) -> str:
    """Everything that the vectors of a document depend on besides its text, as JSON."""
    parts = {"embedder": embedder_name(embedder), "chunk_tokens": settings.chunk_tokens, "splitter": SPLITTER}
    return json.dumps(parts, sort_keys=True)


def check_recipe(found: str, wanted: str) -> None:
    """Compare an index's recipe with the one in force.

    Raises:
        IndexMismatchError: they differ; the message names what does, and the command that mends it.
    """
    old, new = json.loads(found), json.loads(wanted)
    differing = ", ".join(f"{key} {old.get(key)} instead of {new[key]}" for key in new if old.get(key) != new[key])
    if differing:
        raise IndexMismatchError(
            f"the index was made with {differing}; run 'polycite index FOLDER --rebuild', or use its settings again"
        )
