"""Text in lower case and without accents, character by character, so that places in it stay where they are."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """São is sao; the length stays."""
    return "".join(map(_fold, text))


def _fold(character: str) -> str:
    bare = "".join(part for part in unicodedata.normalize("NFD", character) if not unicodedata.combining(part)).lower()
    return bare if len(bare) == 1 else character
