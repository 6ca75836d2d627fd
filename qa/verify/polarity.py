"""Negation and direction, as far as single words show them: two sentences that differ in them do not say the same."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from index.language import is_unspaced

_OPPOSITES = (("up", "down"), ("ahead", "behind"))


def contradiction(claim: str, claimed_in: str, given: str, given_in: str) -> str | None:
    """What ``claim`` turns round of what the passage ``given`` says, both plain texts with their languages."""
    ours, theirs = _cues(claim, claimed_in), _cues(given, given_in)
    if (ours["negation"] + ours["deny"]) % 2 != (theirs["negation"] + theirs["deny"]) % 2:
        return "one of the two is negated"
    for pair in _OPPOSITES:
        for here, there in (pair, pair[::-1]):
            if ours[here] and not ours[there] and theirs[there] and not theirs[here]:
                return f"the passage says {there!r}, not {here!r}"
    return None


def _cues(text: str, language: str) -> Mapping[str, int]:
    text = text.casefold().replace("’", "'")
    patterns = _patterns(language.split("-")[0])
    text = patterns["neither"].sub(" ", text)
    return {group: len(pattern.findall(text)) for group, pattern in patterns.items()}


@cache
def _patterns(language: str) -> dict[str, re.Pattern[str]]:
    table = tomllib.loads(files("qa.verify").joinpath("polarity.toml").read_text(encoding="utf-8"))
    return {group: _pattern(words.get(language, ""), is_unspaced(language)) for group, words in table.items()}


def _pattern(words: str, unspaced: bool) -> re.Pattern[str]:
    forms = [
        re.escape(word).replace(r"\*", r"\w*").replace("_", " ")
        for word in sorted(words.split(), key=len, reverse=True)
    ]
    if not forms:
        return re.compile("(?!)")
    joined = "|".join(forms)
    return re.compile(joined if unspaced else rf"(?:\b|(?<=n))(?:{joined})(?!\w)")
