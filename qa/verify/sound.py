"""Whether two forms of a name sound alike: Zuckerberg, 扎克伯格 and 祖克柏.

What is compared is the run of consonants, in classes that a transcription keeps: p for p and b, k for k, g and h, ….
The idea of such classes is Soundex's (Knuth 1973, The Art of Computer Programming 3, section 6).
"""

from __future__ import annotations

import re
from functools import cache

_ALIKE = 0.7  # of the longer run, in the same order
_SHORTEST = 2
_HAN = re.compile(r"[\u3400-\u9fff]")
_CLASSES = {
    character: name
    for name, characters in {"p": "pb", "t": "td", "k": "kgqh", "s": "szcjx", "f": "fvw", "n": "nm", "l": "lr"}.items()
    for character in characters
}


def sound_alike(first: str, second: str) -> bool:
    """Whether two names, each in Chinese or in Latin letters, have nearly the same consonants."""
    return any(_alike(ours, theirs) for ours in _consonants(first) for theirs in _consonants(second))


def _alike(ours: str, theirs: str) -> bool:
    longer = max(len(ours), len(theirs))
    return min(len(ours), len(theirs)) >= _SHORTEST and _in_common(ours, theirs) >= _ALIKE * longer


@cache
def _consonants(name: str) -> frozenset[str]:
    """The runs of consonants that a name may have."""
    from pypinyin import lazy_pinyin

    if _HAN.search(name):
        # An "er" is the l or r of a foreign name, and what ends a syllable is n or ng.
        syllables = ["l" if syllable == "er" else re.sub("ng$", "n", syllable) for syllable in lazy_pinyin(name)]
        return frozenset({_classes(" ".join(syllables))})
    letters = name.lower().replace("ph", "f").replace("ck", "k").replace("sch", "s")
    letters = re.sub(r"c(?=[aouklr])|ch", "k", letters)
    silent = re.sub(r"r(?=[^aeiouy]|$)", "", letters)  # the r of Musker is not always written
    return frozenset({_classes(letters), _classes(silent)})


def _classes(letters: str) -> str:
    letters = re.sub("[zcs]h", "s", letters)
    classes = "".join(_CLASSES.get(letter, " ") for letter in letters)
    return re.sub(r"(.)\1+", r"\1", classes).replace(" ", "")


def _in_common(first: str, second: str) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for character in first:
        previous = 0
        for place, other in enumerate(second, start=1):
            previous, row[place] = row[place], previous + 1 if character == other else max(row[place], row[place - 1])
    return row[-1]
