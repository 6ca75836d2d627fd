"""Chinese made comparable: one script, one region's words, and counted things in digits."""

from __future__ import annotations

import re
from functools import cache
from typing import Protocol

from index.numbers import numbers

_COUNTED = (
    "年月日号天周个小时分秒钟名位家款种台座块颗枚辆艘项次倍度级层岁代国人批条间所届场篇份张部门强大成点"
    "千万亿兆元美港欧日韩纳毫厘米公英里克吨"
)
_NUMERAL = "零〇一二两三四五六七八九十百"
_COUNT = re.compile(
    rf"(?<=第)[{_NUMERAL}]+|(?:(?<=分之)|(?<=前))[{_NUMERAL}]+|[{_NUMERAL}]+(?!分之)(?=[多余几来]?[{_COUNTED}])|[几数上](?=[十百千万亿])"
)
_SHORTEST_TRANSCRIPTION = 3
_HALF = re.compile(r"半(?=个?(?:小时|钟头|月|星期|天|年))")
_YEAR = re.compile(r"[一二][零〇一二三四五六七八九]{3}(?=年)")
_TIME = re.compile("(?:年|天|周|个?(?:月|小时|星期)|分钟)")
_WEEKDAY = re.compile(r"(?:星期|礼拜|周)$")


def simplified(text: str) -> str:
    """The text in Simplified characters, and in the words of the mainland (芯片 for 晶片)."""
    return _converter().convert(text.replace("，", "， "))  # lest 第三，100家 read as 3,100


def in_digits(text: str) -> str:
    """Write the numerals of Simplified Chinese that count as digits: 三家 is 3家, 十月 10月, 数亿 1亿; 周三 stays."""
    text = _HALF.sub("0.5", text)
    text = _YEAR.sub(lambda match: "".join(str(_digit(character)) for character in match.group()), text)
    return _COUNT.sub(_count, text)


def _count(match: re.Match[str]) -> str:
    numeral = match.group()
    if numeral == "一" and not _TIME.match(match.string, match.end()):
        return numeral  # an article: 一位, 下一代
    if _WEEKDAY.search(match.string, 0, match.start()):
        return numeral
    if numeral in "几数上":
        return "" if match.string[match.end()] in "十百" else "1"  # 几百万 is 100万, 数亿 1亿: hundreds of millions
    return str(_value(numeral))


def _value(numeral: str) -> int:
    if len(numeral) == 1:
        return _digit(numeral)
    (value,) = numbers(numeral, "zh") or {0}
    return int(value)


def _digit(numeral: str) -> int:
    return {"〇": 0, "两": 2, "十": 10, "百": 100}.get(numeral, "零一二三四五六七八九".find(numeral))


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _converter() -> _Converter:
    from opencc import OpenCC

    converter: _Converter = OpenCC("tw2sp")
    return converter


def tagged(text: str, *, guess: bool = True) -> list[tuple[str, str]]:
    """Words of Simplified Chinese, each with its part of speech (those of ICTCLAS: nr a person's name, ns a place's).

    ``guess``: put words together that the dictionary does not have.
    """
    import rjieba

    return [(word, tag) for word, tag in rjieba.tag(text, guess)]
