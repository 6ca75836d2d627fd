"""Words that carry a text's content, and those that every text has."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from index.language import is_unspaced
from qa.chinese import simplified, tagged

_WORD = re.compile(r"[^\W\d_]{2,}")
_CONTENT_TAGS = ("n", "v", "a", "i", "l", "j", "eng")


def content_words(text: str, language: str) -> list[str]:
    """The words of a question that say what it is about; of "Und wer noch?" none."""
    if is_unspaced(language):
        return [word for word, tag in tagged(simplified(text)) if len(word) > 1 and tag.startswith(_CONTENT_TAGS)]
    return [word for word in _WORD.findall(text) if word.casefold() not in stopwords()]


@cache
def stopwords() -> frozenset[str]:
    """The words of NLTK's lists, of all the languages for which LlamaIndex carries one."""
    folder = files("llama_index.core") / "_static" / "nltk_cache" / "corpora" / "stopwords"
    return frozenset(
        word
        for file in folder.iterdir()
        if file.is_file() and "." not in file.name and file.name != "README"
        for word in file.read_text(encoding="utf-8").casefold().split()
    )
