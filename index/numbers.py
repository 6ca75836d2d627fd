"""Number forms: which numbers a text names, whatever its script and its way of writing them.

350 000, 350,000, 350.000, 350k, 35万 and 三十五万 are one number. A lone point or comma is read as the text's
language does, and so are the names of magnitudes: a billion has nine zeros in English and twelve in German.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import prod

_LONGEST = 40  # characters; a longer run is no quantity
_SPACES = " \u2009"  # NFKC makes plain spaces of the others

_HAN_DIGITS = {
    character: value for value, forms in enumerate("零〇 一 二两兩 三 四 五 六 七 八 九".split()) for character in forms
}
_MYRIADS = dict.fromkeys("万萬만", 10**4) | dict.fromkeys("亿億억", 10**8) | dict.fromkeys("兆조", 10**12)
_UNITS = {"十": 10, "百": 100, "千": 1000, "백": 100, "천": 1000} | _MYRIADS
_TENTHS = "成"  # 三成: 30 of 100

_FRACTION = r"\+\d⁄[1-9]\d?"  # what plain() makes of ½
_NUMBER = re.compile(
    rf"""(?P<han> [零〇一二两兩三四五六七八九十百千万萬亿億兆]+ ) | {_FRACTION}
    | (?: (?P<grouped> \d{{1,2}}(?:,\d\d)+,\d{{3}}  # 12,34,567
            | [1-9]\d{{0,2}}(?P<separator>[.,'’٬{_SPACES}])\d{{3}}(?:(?P=separator)\d{{3}})* )
          (?!\d) (?: (?!(?P=separator))[.,٫](?P<decimals>\d+) )?
        | \d+(?:[.,٫]\d+)? )
      (?:{_FRACTION})?""",
    re.VERBOSE,
)
_AFTER_DIGITS = re.compile(
    rf"([{_SPACES}]?[百千万萬亿億兆]+(?:[零〇]?[一二两兩三四五六七八九][十百千万萬亿億兆]+)*|(?:[백천만억]|조(?!각))+)"
)

_POINT_LANGUAGES = set("en zh ja ko th he hi bn ta te ml kn mr ms tl sw ur und".split())  # 3.5; elsewhere 3,5
# fmt: off
_WORDS: dict[str, dict[int, str]] = {  # a language without its own reads the English ones
    "en": {3: "thousand thousands", 5: "lakh lakhs", 6: "million millions mn mln", 7: "crore crores",
           9: "billion billions bn", 12: "trillion trillions tn"},
    "de": {3: "tausend tsd", 6: "million millionen mio", 9: "milliarde milliarden mrd", 12: "billion billionen bio",
           18: "trillion trillionen"},
    "fr": {3: "mille", 6: "million millions mio", 9: "milliard milliards md mds mrd", 12: "billion billions",
           18: "trillion trillions"},
    "es": {3: "mil miles", 6: "millón millones mill", 9: "millardo millardos", 12: "billón billones",
           18: "trillón trillones"},
    "it": {3: "mila mille", 6: "milione milioni mln mio", 9: "miliardo miliardi mld mrd", 12: "bilione bilioni",
           18: "trilione trilioni"},
    "pt": {3: "mil", 6: "milhão milhões mi", 9: "bilhão bilhões bi", 12: "trilhão trilhões bilião biliões"},
    "nl": {3: "duizend", 6: "miljoen mln", 9: "miljard mld", 12: "biljoen", 18: "triljoen"},
    "sv": {3: "tusen", 6: "miljon miljoner mn", 9: "miljard miljarder md mdr", 12: "biljon biljoner",
           18: "triljon triljoner"},
    "da": {3: "tusind tusinde", 6: "million millioner mio", 9: "milliard milliarder mia", 12: "billion billioner",
           18: "trillion trillioner"},
    "no": {3: "tusen", 6: "million millioner mill", 9: "milliard milliarder mrd", 12: "billion billioner",
           18: "trillion trillioner"},
    "fi": {3: "tuhat tuhatta", 6: "miljoona miljoonaa milj", 9: "miljardi miljardia mrd", 12: "biljoona biljoonaa",
           18: "triljoona triljoonaa"},
    "cs": {3: "tisíc tisíce", 6: "milion miliony milionů mil", 9: "miliarda miliardy miliard mld",
           12: "bilion biliony bilionů", 18: "trilion triliony trilionů"},
    "pl": {3: "tysiąc tysiące tysięcy tys", 6: "milion miliony milionów mln", 9: "miliard miliardy miliardów mld",
           12: "bilion biliony bilionów bln", 18: "trylion tryliony trylionów"},
    "ru": {3: "тысяча тысячи тысяч тыс", 6: "миллион миллиона миллионов млн",
           9: "миллиард миллиарда миллиардов млрд", 12: "триллион триллиона триллионов трлн"},
    "uk": {3: "тисяча тисячі тисяч тис", 6: "мільйон мільйони мільйона мільйонів млн",
           9: "мільярд мільярди мільярда мільярдів млрд", 12: "трильйон трильйони трильйона трильйонів трлн"},
    "tr": {3: "bin", 6: "milyon mn", 9: "milyar mr", 12: "trilyon"},
    "ar": {3: "ألف آلاف", 6: "مليون ملايين", 9: "مليار مليارات بليون", 12: "تريليون"},
    "hi": {3: "हजार हज़ार", 5: "लाख", 6: "मिलियन", 7: "करोड़", 9: "अरब"},
}
# fmt: on
_WORDS |= {"nb": _WORDS["no"], "nn": _WORDS["no"]}


def numbers(text: str, language: str) -> frozenset[Decimal]:
    """Collect the numbers that digits or Chinese numerals write; words such as "five" and a lone 一 count for none.

    Args:
        text: any text.
        language: its BCP 47 tag.
    """
    return frozenset(number.value for number in find_numbers(plain(text), language))


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a plain text, ``text[start:end]``."""

    start: int
    end: int
    value: Decimal


def find_numbers(text: str, language: str) -> Iterator[Number]:
    """The numbers of a text that ``plain`` gave, in order."""
    for start, end, value in _values(text, language.split("-")[0].lower()):
        yield Number(start, end, Decimal(value.numerator) / value.denominator)


def plain(text: str) -> str:
    """Write the digits of every script as 0 to 9, wide and small forms as usual ones, 5½ as 5+1⁄2, and 350¹ as 350^.

    Its characters need not stand where they stood in ``text``.
    """
    return unicodedata.normalize("NFKC", "".join(map(_plain_character, text)))


def _plain_character(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if unicodedata.category(character) != "No":
        return character
    return f"+{character}" if unicodedata.decomposition(character).startswith("<fraction>") else "^"


def _values(text: str, language: str) -> Iterator[tuple[int, int, Fraction]]:
    mark = "." if language in _POINT_LANGUAGES else ","
    end = 0
    while match := _NUMBER.search(text, end):
        run, end = (list(match["han"]), match.end()) if match["han"] else _digits(text, match, mark)
        tenths = text.startswith(_TENTHS, end)
        if end - match.start() <= _LONGEST and (not match["han"] or tenths or _is_han_number(match["han"])):
            factor, end = _factor(text, end, language)
            yield match.start(), end, _sum(run) * factor * (10 if tenths else 1)


def _is_han_number(run: str) -> bool:
    return len(run) > 1 and run[0] not in _MYRIADS


def _digits(text: str, match: re.Match[str], mark: str) -> tuple[list[Fraction | str], int]:
    """A number in digits with what continues it, and its end: 3亿5000万 is 3, 亿, 5000, 万."""
    run: list[Fraction | str] = [_value(match, mark)]
    end = match.end()
    while end - match.start() <= _LONGEST and (units := _AFTER_DIGITS.match(text, end)):
        run += units.group().strip(_SPACES)
        end = units.end()
        more = _NUMBER.match(text, end + (text[end - 1] in "만억조" and text.startswith(" ", end)))
        if not more or more["han"] or not _continues(text, more, mark, _UNITS[text[end - 1]]):
            break
        run.append(_value(more, mark))
        end = more.end()
    return run, end


def _continues(text: str, match: re.Match[str], mark: str, unit: int) -> bool:
    """Whether the number is a lower part of one that went down to that unit; 35万27万 and 2千2024 are two numbers."""
    return match.end() - match.start() <= _LONGEST and (
        _value(match, mark) * _UNITS.get(text[match.end() : match.end() + 1], 1) < unit
    )


def _value(match: re.Match[str], mark: str) -> Fraction:
    """What the digits write; of a point and a comma the last is the decimal mark, a lone one as the language has it."""
    if match.end() - match.start() > _LONGEST:
        return Fraction(0)  # int() refuses thousands of digits; _values drops the run
    whole, _, fraction = match.group().partition("+")
    grouped, separator, decimals = match.group("grouped", "separator", "decimals")
    if grouped and (decimals or separator != mark or grouped.count(separator) > 1):
        whole = re.sub(r"\D", "", grouped) + "." + (decimals or "0")
    return Fraction(re.sub("[.,٫]", ".", whole or "0")) + (Fraction(fraction.replace("⁄", "/")) if fraction else 0)


def _sum(run: Iterable[Fraction | str]) -> Fraction:
    """三百五十 is 350, 二〇二四 is 2024, 六百二十二万亿 is 622 × 10^12."""
    total = section = digit = Fraction(0)
    tens = 10  # digits read one after the other
    for part in run:
        if isinstance(part, Fraction):
            digit = part
        elif part in _HAN_DIGITS:
            digit = digit * tens + _HAN_DIGITS[part]
        else:
            if part not in _MYRIADS:
                section += (digit or 1) * _UNITS[part]
            elif section or digit:
                total, section = total + (section + digit) * _MYRIADS[part], Fraction(0)
            else:
                total *= _MYRIADS[part]  # 万亿
            digit, tens = Fraction(0), 0
    return total + section + digit


def _factor(text: str, end: int, language: str) -> tuple[int, int]:
    """What the words after a number multiply it by, and where they end."""
    pattern, factors = _magnitudes(language)
    if not (match := pattern.match(text, end)):
        return 1, end
    words = re.split(f"[{_SPACES}-]", match.group().casefold())
    return prod(factors.get(word, 1) for word in words), match.end()


@cache
def _magnitudes(language: str) -> tuple[re.Pattern[str], dict[str, int]]:
    """Up to three magnitude words of the language, as in "86 mil millones", or a k right after the digits."""
    factors = {
        unicodedata.normalize("NFKC", word): 10**zeros
        for zeros, words in _WORDS.get(language, _WORDS["en"]).items()
        for word in words.split()
    }
    one = rf"[{_SPACES}-]?(?:{'|'.join(sorted(factors, key=len, reverse=True))})(?!\w)"
    return re.compile(rf"k(?!\w)|(?:{one}){{1,3}}", re.IGNORECASE), factors | {"k": 1000}
