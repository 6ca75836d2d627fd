"""Whether a sentence that was shown is true, as far as can be told without a model."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from evals.metrics.correctness import is_correct
from evals.metrics.normalize import CJK

_BESIDE_CJK = re.compile(rf"(?<=[{CJK}]) | (?=[{CJK}])")
_LETTER = rf"[^\W{CJK}]"  # of a script that writes spaces between words, or a digit
_WITH_MEANING = "%％﹪‰‱&@#§-‑–"  # 5% is not 5, -5 is not 5


def is_true(sentence: str, quotes: Sequence[str], answers: Sequence[Sequence[str]], answerable: bool) -> bool:
    """Whether a sentence is true; every sentence that cannot be shown to be counts as false.

    It is true where it stands, word for word, in a quote it cites (case, white space and the punctuation around it
    aside; no word or number cut), or where the question is answerable, the sentence holds every group of the golden
    answer, and every number in it (a run of digits) is one of a cited quote or of a golden alternative.

    It shares no code with polycite's own check and knows only the golden set and the words: a fault of the check cannot
    hide here. A right paraphrase of something else than the golden answer counts as false; a golden answer with a false
    word beside it, or words cut from under a "not", count as true.

    No paper: for published systems people or a model judge this (Rashkin et al. 2023, Attributable to Identified
    Sources).
    """
    if any(_stands_in(sentence, quote) for quote in quotes):
        return True
    known = {number for texts in (quotes, *answers) for text in texts for number in _numbers(text)}
    return answerable and is_correct([sentence], answers) and _numbers(sentence) <= known


def _stands_in(sentence: str, quote: str) -> bool:
    words = _bare(_even(sentence))
    if not words:
        return False
    before = r"(?<!\d)" + rf"(?<!{_LETTER})" * bool(re.match(_LETTER, words)) + r"(?<!\d[.,])" * words[0].isdigit()
    after = rf"(?!{_LETTER})" * bool(re.match(_LETTER, words[-1])) + r"(?![.,]?\d)" * words[-1].isdigit()
    return re.search(before + re.escape(words) + after, _even(quote)) is not None


def _even(text: str) -> str:
    return _BESIDE_CJK.sub("", " ".join(text.casefold().split()))


def _bare(text: str) -> str:
    inside = [place for place, character in enumerate(text) if not _is_around(character)]
    return text[inside[0] : inside[-1] + 1] if inside else ""


def _is_around(character: str) -> bool:
    punctuation = unicodedata.category(character).startswith("P") and character not in _WITH_MEANING
    return punctuation or character.isspace()


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+", text))
