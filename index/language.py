"""The language of a text, as a BCP 47 tag; Simplified and Traditional Chinese are told apart."""

from __future__ import annotations

import re
from functools import cache
from typing import Protocol, cast

UNKNOWN = "und"
SAMPLE_CHARS = 20_000  # enough to be sure, and a bound on the time that a long document takes

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")
_NO_FEATURE = -1e30  # the classifier's score of every language for a text that shows nothing it knows

# The classifier knows 100 and more languages, and on a question of five words with a foreign name in it the rare ones
# win too often; these are the ones with a large written web. A document in another is tagged with its nearest kin.
_CANDIDATES = """
    ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ka kk km kn ky lo
    lt lv mk ml mn mr ms my ne nl no pa pl ps pt ro ru si sk sl sq sr sv sw ta te th tl tr uk ur uz vi
    """.split()


def detect_language(text: str) -> str:
    """Tag ``text`` with its main language: ``en``, ``de``, ``zh-Hans``, ``zh-Hant``, …; ``und`` without letters."""
    sample = text[:SAMPLE_CHARS]
    letters = len(_LETTER.findall(sample))
    if not letters:
        return UNKNOWN
    han, kana, hangul = (len(script.findall(sample)) for script in (_HAN, _KANA, _HANGUL))
    if han + kana + hangul > 0.3 * letters:  # one character of these says as much as several Latin letters
        if hangul > han + kana:
            return "ko"
        return "ja" if kana > 0.1 * (han + kana) else chinese_script(sample)
    tag, score = _classifier().classify(sample)
    return tag if score > _NO_FEATURE else UNKNOWN


def chinese_script(text: str) -> str:
    """Tell ``zh-Hans`` from ``zh-Hant`` by the characters that only one of the two standard sets holds.

    GB 2312 is the character set of Simplified Chinese, Big5 that of Traditional Chinese; most characters are in both.
    """
    simplified = traditional = 0
    for character in _HAN.findall(text):
        in_gb, in_big5 = _encodable(character, "gb2312"), _encodable(character, "big5")
        simplified += in_gb and not in_big5
        traditional += in_big5 and not in_gb
    return "zh-Hant" if traditional > simplified else "zh-Hans"


def same_language(first: str, second: str) -> bool:
    """Whether two tags name one language, whatever its script."""
    return first.split("-")[0] == second.split("-")[0]


def is_unspaced(language: str) -> bool:
    """Whether the language is written without spaces between its words."""
    return language.split("-")[0] in {"zh", "ja", "th", "lo", "km", "my"}


class _Classifier(Protocol):
    def classify(self, text: str) -> tuple[str, float]: ...


@cache
def _classifier() -> _Classifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(_CANDIDATES)
    return cast("_Classifier", identifier)


def _encodable(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
