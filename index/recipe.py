"""What the vectors of an index depend on besides the texts: they must not be mixed with others."""

from __future__ import annotations

import json

from index.errors import IndexMismatchError
from index.settings import Settings

SPLITTER = 2  # raise it when sentences or chunks come out differently, so that an old index is seen to be old


def recipe(settings: Settings, embedder: str) -> str:
    """Everything that the vectors of a document depend on besides its text, as JSON."""
    parts = {"embedder": embedder, "chunk_tokens": settings.chunk_tokens, "splitter": SPLITTER}
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
            f"the index was made with {differing}; use its settings again, or run 'polycite index FOLDER --rebuild'"
        )
