"""Names of a text, and whether a passage has them: literally, as another language writes them, or near in meaning.

Capitals, digits and, in Chinese, the part of speech tell what a name is. Across scripts a name is known by the
documents themselves, where they pair its forms ("臺積電（TSMC）"), by its sound, or by the embedder.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise, takewhile

from index.language import is_unspaced
from qa.chinese import tagged
from qa.verify.fold import fold
from qa.verify.quantities import is_unit
from qa.verify.sound import sound_alike
from qa.words import stopwords

NEAR_NAME = 0.43  # similarity of two forms of a name in different scripts, on the tune split
NEAR_SOUND = 0.25  # of two forms that sound alike
NEAR_WORD = 0.35  # of a word that may be a name and a word of the passage, where that has names that are left over

_WORD = re.compile(r"[^\W_]+(?:[-.&'’][^\W_]+)*")
_HAN = re.compile(r"[\u3400-\u9fff]")
_NAME_TAGS = frozenset("nr ns nt nz nrt nrfg eng".split())
_PAIR = re.compile(r"(?P<first>[\w·・.&' -]{1,40}?)\s?\((?:英文名)?(?P<second>[\w·・.&' -]{2,40})\)")
_SHORTEST_STEM = 4
_LONGEST_ENDING = 2
_LONG_STEM = 5
_STEM_SHARE = 0.75
_LONGEST_ACRONYM = 5
_UNKNOWN = re.compile(r"[\u3400-\u9fff]{3,}")
_FUNCTION = frozenset("想向的是在与和对把被将要来去不也都就还又很更最上下中了着过从到为以于其之个位名")

Similarity = Callable[[str, str], float]


@dataclass(frozen=True, slots=True)
class Name:
    """A word that a passage must have; ``certain`` when it is a name beyond doubt and not perhaps another noun."""

    text: str
    certain: bool = True


def find_names(text: str, language: str) -> list[Name]:
    """The names of a plain text, and what may be one: all nouns of a German text, and everywhere the first word."""
    if is_unspaced(language):
        return list(_tagged_names(text))
    found: list[Name] = []
    first, before = True, -1
    for match in _WORD.finditer(text):
        word = re.sub(r"['’]s?$", "", re.sub(r"^[a-zA-Z]{1,2}['’]", "", match.group()))
        marked = any(character.isupper() for character in word[1:]) or any(character.isdigit() for character in word)
        if word[:1].isupper() and word.casefold() not in stopwords() and not is_unit(word) and not word.isdigit():
            # In German only a noun after a noun is surely a name: Bürgermeisterin Claire Dubois.
            follows = before >= 0 and text[before : match.start()] == " "
            found.append(Name(word, marked or (follows if language.startswith("de") else not first)))
            before = match.end()
        first = False
    return found


def _tagged_names(text: str) -> Iterator[Name]:
    run = ""
    for word, tag in (*tagged(text), ("", "")):
        if tag in ("nr", "nrt") and len(run) + len(word) <= 6:  # 扎克 and 伯格 are one name
            run += word
            continue
        if run:
            yield Name(run, len(run) > 1)
            run = ""
        if tag in _NAME_TAGS and not word.isdigit():
            yield Name(word)
    yield from (Name(run) for run in _UNKNOWN.findall("".join(_unknown(text))))


def _unknown(text: str) -> Iterator[str]:
    """The single characters between the words that the dictionary has: 台积电 is none of its words."""
    for word, _ in tagged(text, guess=False):
        yield word if len(word) == 1 and word not in _FUNCTION else " "


class NameBook:
    """What the documents at hand say of names: which forms go together, and which words are names."""

    def __init__(self, texts: Sequence[tuple[str, str]], similarity: Similarity) -> None:
        """``texts``: (plain text, language) of what is to be checked and of the passages near it."""
        self._similarity = similarity
        self._pairs: list[tuple[frozenset[str], frozenset[str]]] = []
        self._known: set[str] = set()
        for text, language in texts:
            for match in _PAIR.finditer(text):
                self._pairs.append((_forms(match["first"]), _forms(match["second"])))
            if not language.startswith("de"):
                self._known |= {fold(name.text) for name in find_names(text, language) if name.certain}

    def missing(self, names: Sequence[Name], passage: str, language: str) -> str | None:
        """The first of the names that ``passage`` does not have."""
        words = [fold(word) for word in _words(passage, language)]
        others = find_names(passage, language)
        there = [name for name in names if self._has(name, passage, words, others)]
        left = [
            other for other in others if other.certain and not any(self._is(name, fold(other.text)) for name in there)
        ]
        for name in names:
            if name in there:
                continue
            # A noun, or a first word, may be a name in the place of one that the passage has.
            if name.certain or fold(name.text) in self._known or (left and not self._near(name, words, NEAR_WORD)):
                return name.text
        return None

    def _has(self, name: Name, passage: str, words: Sequence[str], others: Sequence[Name]) -> bool:
        form = fold(name.text)
        if any(_occurs(other, fold(passage), words) for other in (form, *_same(form), *self._paired(form))):
            return True
        return any(self._is(name, fold(other.text)) for other in others)

    def _is(self, name: Name, other: str) -> bool:
        """Whether two forms are of one name."""
        form = fold(name.text)
        if same_word(form, other):
            return True
        if not (_HAN.search(form) or _HAN.search(other)) or (name.text.isupper() and len(form) <= _LONGEST_ACRONYM):
            return False  # the embedder knows too little of TSMC or SK to tell them from other names
        likeness = self._similarity(form, other)
        across = bool(_HAN.search(form)) != bool(_HAN.search(other))
        return (across and likeness >= NEAR_NAME) or (likeness >= NEAR_SOUND and sound_alike(form, other))

    def _near(self, name: Name, words: Sequence[str], least: float) -> bool:
        return any(self._similarity(fold(name.text), word) >= least for word in words)

    def _paired(self, form: str) -> Iterator[str]:
        for first, second in self._pairs:
            if form in first:
                yield from second
            elif form in second:
                yield from first


def _forms(words: str) -> frozenset[str]:
    """A side of a pair, such as the end of "文中谈到台积电": whole, and its last words."""
    words = fold(words.strip())
    if not _HAN.search(words):
        return frozenset({words, *words.split()})
    last = [word for word, _ in tagged(words)][-3:]
    return frozenset(form for start in range(len(last)) if len(form := "".join(last[start:])) > 1)


def _words(text: str, language: str) -> list[str]:
    """The words of a passage, and each two that may be one name."""
    if is_unspaced(language):
        words = [word for word, tag in tagged(text) if len(word) > 1 and tag != "x"]
        return words + [first + second for first, second in pairwise(words)]
    words = [match.group() for match in _WORD.finditer(text)]
    return words + [
        f"{first} {second}" for first, second in pairwise(words) if first[0].isupper() and second[0].isupper()
    ]


def _occurs(form: str, passage: str, words: Sequence[str]) -> bool:
    if _HAN.search(form) or " " in form:
        return form in passage
    return any(same_word(form, word) for word in words)


def same_word(first: str, second: str) -> bool:
    """Whether two words are one but for an ending (Zuckerbergs), or one is a part of the other (Samsung-Sprecher)."""
    if first == second:
        return True
    short, long = sorted((first, second), key=len)
    if short in re.split(r"\W", long):
        return True
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(short, long, strict=False)))
    if alike >= max(_LONG_STEM, _STEM_SHARE * len(long)):  # Polymers, Polymere
        return True
    return long.startswith(short) and len(long) - len(short) <= (_LONGEST_ENDING if len(short) >= _SHORTEST_STEM else 1)


@cache
def _same(form: str) -> frozenset[str]:
    """How else a form is written in other languages."""
    return frozenset(other for group in _acronyms() if form in group for other in group if other != form)


@cache
def _acronyms() -> list[frozenset[str]]:
    table = tomllib.loads(files("qa.verify").joinpath("names.toml").read_text(encoding="utf-8"))
    return [frozenset(map(fold, group)) for group in table["same"]]
