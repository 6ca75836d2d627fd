"""Number forms: which numbers a text names, whatever its script and its way of writing them.

350 000, 350,000, 350.000, 350k, 35万 and 三十五万 are one number. A point or a comma is read as the text's
language does, and so are the names of magnitudes: a billion has nine zeros in English and twelve in German.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from functools import cache

_SPACES = " \u2009"  # NFKC makes plain spaces of the others
_NUMBER = re.compile(rf"\d{{1,3}}(?:([.,'’٬{_SPACES}])\d{{3}})(?:\1\d{{3}})*(?!\d)(?:[.,٫]\d+)?|\d+(?:[.,٫]\d+)?")
_MAGNITUDE = re.compile(rf"[{_SPACES}-]?([万萬亿億兆千百]|[^\W\d_\u2e80-\u9fff]+)")
_HAN_NUMBER = re.compile("[零〇一二两兩三四五六七八九十百千万萬亿億兆]+")

_HAN_DIGITS = {
    character: value for value, forms in enumerate("零〇 一 二两兩 三 四 五 六 七 八 九".split()) for character in forms
}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
_HAN_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12}
_TENTHS = "成"  # 三成: 30 of 100

_POINT_LANGUAGES = set("en zh ja ko th he hi bn ta te ml kn mr ms tl sw ur und".split())  # 3.5; elsewhere 3,5
_SHORT_SCALE = set("en ar cy ga he hi bn id ms pt ru sw tl tr uk zh ja ko th und".split())  # a billion is 10^9
_WORDS = {
    3: "k thousand tausend mille mil mila duizend tusen tusind tisíc tysiące tysięcy тысяча тысячи тысяч тыс bin ألف",
    6: """million millions millionen mio mn mln millón millones milhão milhões milione milioni miljoen miljon miljoner
        milion miliony milionów miljoonaa млн миллион миллиона миллионов мільйон мільйонів milyon مليون""",
    9: """milliard milliards milliarde milliarden mrd md mld miljard miljarder miliardo miliardi miliard miliardy
        miliardów miljardia млрд миллиард миллиарда миллиардов мільярд мільярдів milyar bn مليار""",
}  # fmt: skip
_SCALED = {
    9: "billion billions billionen billón billones bilhão bilhões bilioni bilione biljoen biljon bilion bilionów",
    12: "trillion trillions trillionen trillón trillones trilhão trilhões trilioni triljoen triljon tn",
}


def numbers(text: str, language: str) -> frozenset[Decimal]:
    """Collect the numbers that digits or Chinese numerals write; words such as "five" and a lone 一 count for none.

    Args:
        text: any text.
        language: its BCP 47 tag.
    """
    plain = _plain(text)
    return frozenset((*_in_digits(plain, language.split("-")[0]), *_in_han(plain)))


def _plain(text: str) -> str:
    """The same with the digits of every script as 0 to 9."""
    return "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in unicodedata.normalize("NFKC", text)
    )


def _in_digits(text: str, language: str) -> Iterator[Decimal]:
    for match in _NUMBER.finditer(text):
        value = _value(match.group(), match.group(1), "." if language in _POINT_LANGUAGES else ",")
        end = match.end()
        while (word := _MAGNITUDE.match(text, end)) and (factor := _factor(word.group(1).casefold(), language)):
            value, end = value * factor, word.end()
        yield value * 10 if text.startswith(_TENTHS, end) else value


def _value(digits: str, separator: str | None, mark: str) -> Decimal:
    if separator and not (separator == mark and digits.count(separator) == 1):
        digits = digits.replace(separator, "")
    return Decimal(re.sub("[.,٫]", ".", digits, count=1))


@cache
def _factor(word: str, language: str) -> int:
    """What a magnitude multiplies by, or 0 for any other word."""
    if word in _HAN_MYRIADS or word in _HAN_UNITS:
        return _HAN_MYRIADS.get(word) or _HAN_UNITS[word]
    for zeros, words in _WORDS.items():
        if word in words.split():
            return int(10**zeros)
    for zeros, words in _SCALED.items():
        if word in words.split():
            return int(10 ** (zeros if language in _SHORT_SCALE else 2 * zeros - 6))
    return 0


def _in_han(text: str) -> Iterator[Decimal]:
    for match in _HAN_NUMBER.finditer(text):
        run = match.group()
        follows_digits = match.start() > 0 and text[match.start() - 1].isdecimal()
        tenths = text.startswith(_TENTHS, match.end())
        if not follows_digits and (tenths or (len(run) > 1 and run[0] not in _HAN_MYRIADS)):
            yield Decimal(_han_value(run) * (10 if tenths else 1))


def _han_value(run: str) -> int:
    """三百五十 is 350, 二〇二四 is 2024, 六百二十二万亿 is 622 × 10^12."""
    if all(character in _HAN_DIGITS for character in run):
        return int("".join(str(_HAN_DIGITS[character]) for character in run))
    total = section = digit = 0
    for character in run:
        if character in _HAN_DIGITS:
            digit = _HAN_DIGITS[character]
        elif character in _HAN_UNITS:
            section += (digit or 1) * _HAN_UNITS[character]
            digit = 0
        elif section or digit:
            total, section, digit = total + (section + digit) * _HAN_MYRIADS[character], 0, 0
        else:
            total *= _HAN_MYRIADS[character]  # 万亿
    return total + section + digit
