"""What the page says, in the browser's language; English where it has no words for it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_TRADITIONAL = ("tw", "hk", "mo", "hant")


class Words:
    """The page's words in one language."""

    def __init__(self, language: str) -> None:
        self.language = language if language in tables() else "en"

    def __call__(self, key: str, **values: object) -> str:
        """Look up a word of words.toml and fill it in."""
        return tables()[self.language][key].format(**values)


def of_browser(accepted: str | None) -> Words:
    """The words for an Accept-Language header: of the first language in it that polycite has words of."""
    for entry in (accepted or "").lower().split(","):
        parts = entry.partition(";")[0].strip().split("-")
        if parts[0] == "zh":
            return Words("zh-Hant" if any(part in _TRADITIONAL for part in parts[1:]) else "zh-Hans")
        if parts[0] in tables():
            return Words(parts[0])
    return Words("en")


@cache
def tables() -> Mapping[str, Mapping[str, str]]:
    """All words, by language and key."""
    table: dict[str, dict[str, str]] = tomllib.loads(files("ui").joinpath("words.toml").read_text(encoding="utf-8"))
    return table
