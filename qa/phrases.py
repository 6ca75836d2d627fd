"""The sentences that polycite itself says, in the question's language; English where it has no words for it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


def phrase(key: str, language: str) -> str:
    """Look up a phrase of phrases.toml."""
    phrases = _load()
    return phrases.get(language, phrases["en"])[key]


@cache
def _load() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("qa").joinpath("phrases.toml").read_text(encoding="utf-8"))
