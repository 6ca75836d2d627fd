"""The sample corpus restates the seed texts: the same facts, no run of their words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from index.language import detect_language, is_unspaced
from tests.conftest import CORPUS, SEEDS

NAMES = sorted(path.name for path in CORPUS.glob("*.txt"))
needs_seeds = pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed texts are not beside the repository")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_five_documents() -> None:
    assert len(NAMES) == 5


@needs_seeds
def test_a_document_for_each_seed_in_its_language() -> None:
    assert sorted(path.name for path in SEEDS.glob("*.txt")) == NAMES
    for name in NAMES:
        assert detect_language(read(CORPUS / name)) == detect_language(read(SEEDS / name))


@needs_seeds
@pytest.mark.parametrize("name", NAMES)
def test_no_run_of_text_is_copied(name: str) -> None:
    ours, theirs = read(CORPUS / name), read(SEEDS / name)
    shared = runs(ours, name) & runs(theirs, name)
    # A foreign name inside Chinese text is long in characters; it can't be said in other words.
    assert not {run for run in shared if not run.isascii()}
    assert len(shared) <= 3


def runs(text: str, name: str) -> set[str]:
    """All runs of 14 characters (Chinese, white space removed) or 8 words."""
    if is_unspaced(detect_language(text)):
        dense = re.sub(r"\s+", "", text)
        return {dense[i : i + 14] for i in range(len(dense) - 13)}
    words = text.split()
    return {" ".join(words[i : i + 8]) for i in range(len(words) - 7)}


@needs_seeds
@pytest.mark.parametrize("name", NAMES)
def test_every_figure_of_the_seed_is_there(name: str) -> None:
    def figures(text: str) -> set[str]:
        return set(re.findall(r"\d+(?:[.,]\d+)?", text.replace("\u00a0", " ")))

    assert figures(read(SEEDS / name)) - figures(read(CORPUS / name)) == set()


@needs_seeds
@pytest.mark.parametrize("name", NAMES)
def test_every_latin_name_of_the_seed_is_there(name: str) -> None:
    """In Chinese text, where a Latin word is always a name."""
    if not name.startswith(("000", "002")):
        pytest.skip("names cannot be told from words in this script")

    def latin(text: str) -> set[str]:
        return {word.lower() for word in re.findall(r"[A-Za-z]{2,}", text)}

    # run together, cut off or page furniture in the seed: MarkZuckerberg, MetaCEO, "est 2", image …
    run_together = {"markzuckerberg", "elonmusk", "metaceo", "est", "image"}
    assert latin(read(SEEDS / name)) - latin(read(CORPUS / name)) - run_together == set()
