"""Words in groups, by language, in a TOML file; and how often a text has one of each group."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from index.language import is_unspaced


def find_groups(file: str, language: str, text: str, without: str = "") -> Mapping[str, int]:
    """Count the words of each group of ``file`` in a text; those of the group ``without`` hide what they hold."""
    patterns = _patterns(file, language.split("-")[0])
    text = text.casefold().replace("’", "'")
    if without:
        text = patterns[without].sub(" ", text)
    return {group: len(pattern.findall(text)) for group, pattern in patterns.items()}


@cache
def _patterns(file: str, language: str) -> Mapping[str, re.Pattern[str]]:
    table = tomllib.loads(files("qa").joinpath(file).read_text(encoding="utf-8"))
    return {group: _pattern(words.get(language, ""), is_unspaced(language)) for group, words in table.items()}


def _pattern(words: str, unspaced: bool) -> re.Pattern[str]:
    """What finds a word: one ending in * stands for all that begin so, and _ for a space."""
    longest_first = sorted(words.split(), key=len, reverse=True)
    forms = [re.escape(word).replace(r"\*", r"\w*").replace("_", " ") for word in longest_first]
    if not forms:
        return re.compile("(?!)")
    joined = "|".join(forms)
    return re.compile(joined if unspaced else rf"(?:\b|(?<=n))(?:{joined})(?!\w)")
