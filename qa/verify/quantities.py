"""Quantities of a text: numbers in digits or words, each with its unit, in a form that languages share.

66,7 % and 66.7%, zweistündig and two hours, 622万亿韩元 and 622 Billionen Won are the same;
10 days and 10 years are not.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from babel import Locale, UnknownLocaleError

from index.numbers import find_numbers

_EAST_ASIAN = 0x3000  # from this code point on
_MOST_PIECES = 12  # dreihundertfünfundsiebzigtausendvierhundertneunundachtzig has 11
_LONGEST_BEFORE = 16  # characters of a unit that stands before its number
_HALF = Decimal("0.5")  # half an hour, but not half of them
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_BEFORE_UNIT = r"[ ]?[多余几来]?-?[ ]?(?:d['’]|de[ ]|of[ ]|an?[ ])?"
# Names of CLDR's units (https://cldr.unicode.org) for what quantities.toml has forms of.
_CLDR = {
    **{f"duration-{name}": ("minutes", value) for name, value in
       {"minute": 1, "hour": 60, "day": 1440, "week": 10080}.items()},
    **{f"duration-{name}": ("months", value) for name, value in
       {"month": 1, "year": 12, "decade": 120, "century": 1200}.items()},
    "concentr-percent": ("percent", 1),
    "length-kilometer": ("metres", 1000),
    "length-meter": ("metres", 1),
    "mass-kilogram": ("grams", 1000),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value in the base unit of a dimension (minutes, months, won, …); the dimension is empty for a plain number."""

    value: Decimal
    dimension: str = ""


def find_quantities(text: str, language: str) -> dict[str, Quantity]:
    """The quantities of a text without its dates, by their wording. Chinese: simplified, numerals in digits."""
    found: dict[str, Quantity] = {}
    spans: list[tuple[int, int]] = []
    for number in find_numbers(text, language):
        spans.append((number.start, number.end))
        wording, quantity = _with_unit(text, number.start, number.end, number.value, language)
        found[wording] = quantity
    masked = text
    for start, end in spans:
        masked = masked[:start] + "0" * (end - start) + masked[end:]
    for start, end, value in _in_words(masked, language):
        wording, quantity = _with_unit(text, start, end, value, language)
        if value != _HALF or quantity.dimension:
            found[wording] = quantity
    return found


def is_unit(word: str) -> bool:
    """Whether the word names a unit in a language of the table."""
    return _key(word) in _units("en")[0]


def _with_unit(text: str, start: int, end: int, value: Decimal, language: str) -> tuple[str, Quantity]:
    units, after, before = _units(language)
    if match := after.match(text, end):
        factor, dimension = units[_key(match["unit"])]
        return text[start : match.end()], Quantity(value * factor, dimension)
    if match := before.search(text, max(0, start - _LONGEST_BEFORE), start):
        factor, dimension = units[_key(match["unit"])]
        return text[match.start() : end], Quantity(value * factor, dimension)
    return text[start:end], Quantity(value)


def _in_words(text: str, language: str) -> Iterator[tuple[int, int, Decimal]]:
    """Numbers in words: (start, end, value); "hundreds of millions" is 100,000,000."""
    words = _number_words(language)
    if words is None:
        return
    run: list[Decimal] = []
    start = end = 0
    for match in _WORD.finditer(text):
        word = match.group().casefold()
        values, length = words.parse(word)
        joined = run and text[end : match.start()].strip(" -") == ""
        if run and not (joined and (values or (word in words.joints and run[-1] >= 100))):
            yield start, end, _total(run)
            run = []
        if values:
            if not run:
                start = match.start()
            run += values
            end = match.start() + length
        elif run:
            end = match.end()  # a joint
    if run:
        yield start, end, _total(run)


def _total(run: list[Decimal]) -> Decimal:
    total = section = Decimal(0)
    for value in run:
        if value < 100:
            section += value
        elif value == 100:
            section = (section or 1) * value
        else:
            total, section = total + (section or 1) * value, Decimal(0)
    return total + section


@dataclass(frozen=True)
class _NumberWords:
    values: dict[str, Decimal]
    joints: frozenset[str]
    pieces: re.Pattern[str] | None

    def parse(self, word: str) -> tuple[list[Decimal], int]:
        """What a word says, and how many of its characters say it: zweistündig is 2, in four."""
        if word in self.values:
            return [self.values[word]], len(word)
        if word.split("-")[0] in self.values:
            return self._parse_joined(word.split("-"))
        if self.pieces is None or not (match := self.pieces.match(word)):
            return [], 0
        found = [
            self.values.get(piece, Decimal(1)) for piece in re.findall(self._piece, match["number"]) if piece != "und"
        ]
        return found, match.end("number")

    def _parse_joined(self, parts: list[str]) -> tuple[list[Decimal], int]:
        """Read "quatre-vingt-dix" as 80 and 10: the longest known forms, until a part is none, as in "two-hour"."""
        found: list[Decimal] = []
        start = 0
        while start < len(parts):
            ends = range(len(parts), start, -1)
            end = next((end for end in ends if "-".join(parts[start:end]) in self.values), None)
            if end is None and parts[start] not in self.joints:
                break
            if end is not None:
                found.append(self.values["-".join(parts[start:end])])
            start = end or start + 1
        return found, len("-".join(parts[:start]))

    @property
    def _piece(self) -> str:
        return "|".join(sorted((*self.values, "und", "ein"), key=len, reverse=True))


@cache
def _number_words(language: str) -> _NumberWords | None:
    table = _table()["numbers"].get(language.split("-")[0])
    if table is None:
        return None
    values = {
        word: Decimal(value)
        for group in ("units", "tens", "factors")
        for value, forms in table[group].items()
        for word in forms.split()
    }
    values |= dict.fromkeys(table["half"].split(), _HALF)
    pieces = None
    if table.get("glued"):
        piece = "|".join(sorted((*values, "ein", "und"), key=len, reverse=True))
        endings = "|".join(re.escape(form) for form in _forms(_table()["units"]) if form.isalpha())
        # A limit, since dreizehn is also drei and zehn: of a long row of them every combination would be tried.
        pieces = re.compile(
            rf"(?P<number>(?!ein(?!und|hundert|tausend)|und)(?:{piece}){{1,{_MOST_PIECES}}})(?:{endings}|mal)?$"
        )
    return _NumberWords(values, frozenset(table["joints"].split()), pieces)


def _forms(units: dict[str, list[list[str]]]) -> Iterator[str]:
    for sizes in units.values():
        for _, forms in sizes:
            yield from forms.split()


@cache
def _units(language: str) -> tuple[dict[str, tuple[Decimal, str]], re.Pattern[str], re.Pattern[str]]:
    """Each unit's (factor, dimension) by its form, and what finds one after and before a number."""
    units = {
        _key(form): (Decimal(factor), dimension)
        for dimension, sizes in _table()["units"].items()
        for factor, forms in sizes
        for form in forms.split()
    }
    for form, unit in _cldr_units(language):
        units.setdefault(_key(form), unit)
    longest_first = sorted(units, key=len, reverse=True)
    # After a unit in letters no letter may follow, but for those of a script without spaces: 3nm芯片.
    spaced = "|".join(re.escape(form).replace(r"\-", "[ -]") for form in longest_first if ord(form[-1]) < _EAST_ASIAN)
    unspaced = "|".join(re.escape(form) for form in longest_first if ord(form[-1]) >= _EAST_ASIAN)
    signs = "|".join(
        re.escape(form)
        for form in sorted(units, key=len, reverse=True)
        if form == "百分之" or (not form[-1].isalnum() and form != "%")
    )
    names = "|".join(re.escape(form) for form in units if form.isalpha() and form.isascii() and len(form) == 3)
    after = re.compile(rf"{_BEFORE_UNIT}(?P<unit>(?:{spaced})(?![a-zß-ÿ0-9])|{unspaced})", re.IGNORECASE)
    before = re.compile(rf"(?P<unit>{signs}|\b(?:{names}))[ ]?$", re.IGNORECASE)
    return units, after, before


def _key(form: str) -> str:
    return form.casefold().replace(" ", "-")


def _cldr_units(language: str) -> Iterator[tuple[str, tuple[Decimal, str]]]:
    try:
        patterns = Locale.parse(language, sep="-")._data["unit_patterns"]
    except (ValueError, UnknownLocaleError):
        return
    for name, (dimension, factor) in _CLDR.items():
        for width in ("long", "short"):
            for pattern in patterns.get(name, {}).get(width, {}).values():
                if (
                    isinstance(pattern, str)
                    and (form := pattern.replace("{0}", "").strip().rstrip("."))
                    and len(form) > 1
                ):
                    yield form, (Decimal(factor), dimension)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("qa.verify").joinpath("quantities.toml").read_text(encoding="utf-8"))
