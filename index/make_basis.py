"""Makes ``parallel.json.gz`` and ``basis.npz`` from Django's interface messages: ``python -m index.make_basis``.

Django (BSD licence, a development dependency) carries them in over 90 languages. The longest of each are kept, and the
basis of e5 is learned from them, so that nobody waits for it.
"""

from __future__ import annotations

import gettext
import gzip
import html
import json
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np

from index.e5 import E5_MODEL, E5Engine
from index.neutral import BASIS_FILE
from index.parallel import MESSAGES_FILE, Catalogue, learn_basis

MESSAGES = 60  # the longest ones of each language: more messages are shorter ones, and measured worse
LEAST_MESSAGES = 20  # a language with fewer is left out
LEAST_CHARS = 20  # of the English message

_CONTEXT = "\x04"  # gettext puts a hint to translators before it
_MARKUP = re.compile(r"</?[a-zA-Z][^>]*>")
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sdir]|\{\w*\}")
_EMPTY_QUOTES = re.compile(r"“\s*”|„\s*[“”]|«\s*»|\"\s*\"|'\s*'|‘\s*’|「\s*」|`\s*`|\(\s*\)")  # left by placeholders
_REGION = re.compile(r"_[A-Z]{2}$")  # es_MX repeats es; a script, as in zh_Hant or sr_Latn, is worth its own row


def clean(message: str) -> str:
    """Strip what belongs to no language: hints, markup, placeholders and the quotes that they leave empty."""
    text = html.unescape(_MARKUP.sub("", message.rpartition(_CONTEXT)[2]))
    text = _EMPTY_QUOTES.sub(" ", _PLACEHOLDER.sub(" ", text)).replace("%%", "%")
    return " ".join(text.replace("’", "'").replace("‘", "'").split())


def read_catalogues(root: Path) -> dict[str, Catalogue]:
    """Read the compiled catalogues below ``root`` by language, without plural forms and what is not translated."""
    found: dict[str, Catalogue] = {}
    for path in sorted(root.rglob("LC_MESSAGES/django*.mo")):
        language = path.parts[-3]
        if _REGION.search(language):
            continue
        with path.open("rb") as file:
            messages = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]  # no public way to list
        for key, value in messages.items():
            english, translated = (clean(key), clean(value)) if isinstance(key, str) else ("", "")
            if len(english) >= LEAST_CHARS and translated not in ("", english):
                found.setdefault(language.replace("_", "-"), {}).setdefault(english, translated)
    return found


def longest(catalogues: dict[str, Catalogue]) -> dict[str, Catalogue]:
    """Keep each language's longest messages (by the English), and the languages that have enough."""
    kept = {}
    for language, catalogue in sorted(catalogues.items()):
        keys = sorted(catalogue, key=lambda english: (-len(english), english))[:MESSAGES]
        if len(keys) >= LEAST_MESSAGES:
            kept[language] = {key: catalogue[key] for key in keys}
    return kept


def main() -> None:
    """Write the messages and e5's basis beside this module."""
    import django

    place = Path(__file__).parent
    catalogues = longest(read_catalogues(Path(django.__file__).parent))
    text = json.dumps(catalogues, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    place.joinpath(MESSAGES_FILE).write_bytes(gzip.compress(text.encode(), mtime=0))
    basis = learn_basis(E5Engine().passages, E5_MODEL)
    np.savez_compressed(
        place / BASIS_FILE,
        basis=basis.rows,
        languages=np.array(list(catalogues)),
        messages=np.array([len(catalogue) for catalogue in catalogues.values()]),
        django=np.array(version("django")),
        embedder=np.array(E5_MODEL),
    )


if __name__ == "__main__":
    main()
