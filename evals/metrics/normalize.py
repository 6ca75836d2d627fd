"""Texts made comparable for token F1 and exact match, in any language."""

from __future__ import annotations

import re
import string
import unicodedata

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # inside [ ]: kana and Han

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_TOKENS = re.compile(rf"[{CJK}]|[^\s{CJK}]+")


def answer_tokens(text: str) -> list[str]:
    """The text's tokens: casefolded, no punctuation, no English articles; a kana or Han character is a token.

    SQuAD's normalization (Rajpurkar et al. 2016, EMNLP) with the punctuation of every script and the splitting of
    Chinese that MLQA's evaluation added (Lewis et al. 2020, ACL). MLQA also drops the articles of the text's own
    language: without knowing the language this cannot be done, as German ``die`` is an English verb and French ``la``
    a Spanish pronoun.
    """
    bare = "".join(character for character in text.casefold() if not _is_punctuation(character))
    return _TOKENS.findall(_ARTICLES.sub(" ", bare))


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")
