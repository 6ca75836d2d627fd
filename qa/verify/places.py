"""Countries and cities by their names in any language: CLDR's (https://cldr.unicode.org), as Babel carries them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from index.language import is_unspaced
from qa.verify.fold import fold

Codes = frozenset[str]


def take_places(text: str, language: str) -> tuple[dict[str, Codes], str]:
    """The places that a text names, by their wording, each with its possible codes; and the text without them."""
    found: dict[str, Codes] = {}
    places, pattern = _finder(language)
    rest = text
    for match in pattern.finditer(fold(text)):
        start, end = match.span()
        found[text[start:end]] = places[_key(match["name"])]
        rest = rest[:start] + " " * (end - start) + rest[end:]
    return found, rest


@cache
def _finder(language: str) -> tuple[Mapping[str, Codes], re.Pattern[str]]:
    """Codes by folded name, and what finds one. Adjectives count: a südkoreanischer Konzern is one of South Korea."""
    names = dict(_cities(language)) | dict(_countries(language))
    for code, words in _table().items():
        names |= {_key(word): names.get(_key(word), frozenset()) | {code} for word in words.split()}
    either = "|".join(re.escape(name).replace("_", "[ -]") for name in sorted(names, key=len, reverse=True))
    either = either or "(?!)"
    if is_unspaced(language):
        return names, re.compile(rf"(?<![a-z])(?P<name>{either})(?![a-z])")
    return names, re.compile(rf"\b(?P<name>{either})(?:['’]?s|n|en|[a-zß]{{0,5}}(?<=[a-z]{{6}}))?\b")


@cache
def _countries(language: str) -> Mapping[str, Codes]:
    locale = _locale(language)
    names: dict[str, Codes] = {}
    for code, name in locale.territories.items() if locale else ():
        if len(code) == 2:
            names[_key(name)] = names.get(_key(name), frozenset()) | {code}
    return names


@cache
def _cities(language: str) -> Mapping[str, Codes]:
    """Cities that name a time zone."""
    locale = _locale(language)
    names = {}
    for zone in get_global("zone_territories"):
        city = (locale.time_zones.get(zone, {}) if locale else {}).get("city") or zone.split("/")[-1].replace("_", " ")
        names[_key(city)] = frozenset({zone})
    return names


def _key(name: str) -> str:
    return re.sub("[ -]", "_", fold(name))


def _locale(language: str) -> Locale | None:
    try:
        return Locale.parse("zh-Hans" if language.startswith("zh") else language, sep="-")
    except (ValueError, UnknownLocaleError):
        return None


@cache
def _table() -> Mapping[str, str]:
    words: dict[str, str] = tomllib.loads(files("qa.verify").joinpath("names.toml").read_text(encoding="utf-8"))[
        "places"
    ]
    return words
