"""Dates of a text, whatever its language: 2月27日, 27 février, Feb 27 and 2024-02-27 can be compared.

The names of months and weekdays are those of CLDR (https://cldr.unicode.org), as Babel carries them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from babel import Locale, UnknownLocaleError

_YEAR = r"(?:1[5-9]|20|21)\d\d"
_NTH = r"(?:st|nd|rd|th|er|º|\.)?"
_OF = r",?[ ](?:of[ ]|de[ ]|del[ ])?"
_NUMERIC = re.compile(
    rf"(?<![\d.,])(?:(?P<y>{_YEAR})[-/.](?P<m>\d\d?)[-/.](?P<d>\d\d?)"
    rf"|(?P<d2>\d\d?)\.[ ]?(?P<m2>\d\d?)\.[ ]?(?P<y2>{_YEAR}))(?!\d)"
)
_EAST_ASIAN = re.compile(
    rf"(?:(?P<y>{_YEAR})[ ]?[年년][ ]?)?(?<!\d)(?<!\d[.,])(?P<m>\d\d?)[ ]?[月월](?:份|[ ]?(?P<d>\d\d?)[ ]?[日号일])?"
    rf"|(?P<y2>{_YEAR})[ ]?[年년]"
)
_YEAR_ALONE = re.compile(rf"(?<![\w.,$€£¥₩-])(?P<y>{_YEAR})(?![\w%‰]|[.,]\d|[ ]?(?:%|percent|prozent|pour cent))", re.I)


@dataclass(frozen=True, slots=True)
class Date:
    """What a text says of a day; None for what it leaves open. ``weekday`` counts from Monday, 0."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None

    def within(self, other: Date) -> bool:
        """Whether ``other`` says all that this one does."""
        return all(
            mine is None or mine == theirs
            for mine, theirs in zip(
                (self.year, self.month, self.day, self.weekday),
                (other.year, other.month, other.day, other.weekday),
                strict=True,
            )
        )


def take_dates(text: str, language: str) -> tuple[dict[str, Date], str]:
    """The dates of a plain text by their wording, and the text with spaces in their place."""
    found: dict[str, Date] = {}

    def take(match: re.Match[str]) -> str:
        date = _date(match, language)
        if date is None:
            return match.group()
        found[match.group().strip()] = date
        return " " * len(match.group())

    for pattern in (_NUMERIC, _EAST_ASIAN, *_named(language), _YEAR_ALONE):
        text = pattern.sub(take, text)
    return found, text


def _date(match: re.Match[str], language: str) -> Date | None:
    groups = {name.rstrip("23"): value for name, value in match.groupdict().items() if value}
    months, weekdays = _names(language)
    year, day = (int(groups[name]) if name in groups else None for name in ("y", "d"))
    month = int(groups["m"]) if "m" in groups else months.get(groups.get("name", "").casefold())
    weekday = weekdays.get(groups.get("weekday", "").casefold())
    if (month is not None and not 1 <= month <= 12) or (day is not None and not 1 <= day <= 31):
        return None
    return Date(year, month, day, weekday)


@cache
def _named(language: str) -> tuple[re.Pattern[str], ...]:
    """What finds dates with the names of the language's, and the English, months; and weekdays."""
    months, weekdays = _names(language)
    short = [name for name in months if len(name) < 4 or name in ("march", "sept")]
    name = rf"(?P<name>{_either(months)})\.?"
    day, year = rf"(?P<d>\d\d?){_NTH}", rf"(?P<y>{_YEAR})(?!\d)"
    full = [word for word in months if word not in short]
    patterns = [
        rf"\b{day}{_OF}{name}(?:{_OF}{year})?",
        rf"\b{name}[ ]{day}(?!\d)(?:,?[ ]{year})?",
        rf"\b{name}{_OF}{year}",
        rf"\b(?P<name>{_either(full)})\b" if full else r"(?!)",
        rf"(?:\b|(?=[周星礼]))(?P<weekday>{_either(weekdays)})",
    ]
    # "may" and "march" are also words: alone they are months only as a name is written
    capital = [name.capitalize() for name in short if name in ("may", "march", "mai", "mar")]
    found = [re.compile(pattern, re.IGNORECASE) for pattern in patterns]
    if capital:
        found.append(re.compile(rf"(?<=[a-z,] )(?P<name>{_either(capital)})\b"))
    return tuple(found)


@cache
def _names(language: str) -> tuple[dict[str, int], dict[str, int]]:
    """Number of each month and weekday by its names, in lower case."""
    months: dict[str, int] = {}
    weekdays: dict[str, int] = {}
    for locale in _locales(language):
        for context in ("format", "stand-alone"):
            for number, name in (
                *locale.months[context]["wide"].items(),
                *locale.months[context]["abbreviated"].items(),
            ):
                if not name[0].isdigit() and len(name) > 2:
                    months[name.casefold().rstrip(".")] = number
            for number, name in locale.days[context]["wide"].items():
                weekdays[name.casefold()] = number
    if language.startswith("zh"):
        for number, numeral in enumerate("一二三四五六日"):
            weekdays |= dict.fromkeys((f"周{numeral}", f"星期{numeral}", f"礼拜{numeral}"), number)
        weekdays |= {"周天": 6, "星期天": 6, "礼拜天": 6}
    return months, weekdays


def _locales(language: str) -> Iterator[Locale]:
    for tag in dict.fromkeys(("zh-Hans" if language.startswith("zh") else language, "en")):
        try:
            yield Locale.parse(tag, sep="-")
        except (ValueError, UnknownLocaleError):
            continue


def _either(words: dict[str, int] | list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) or "(?!)"
