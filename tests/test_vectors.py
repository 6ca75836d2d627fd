"""Generations in Chroma: one made from the one before it finds the same as one made anew."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from index.manifest import Manifest
from index.types import FloatArray
from index.vectors import MOST_CHANGED, VectorSearch, build

COUNT = 200
ROWS = np.random.default_rng(7).standard_normal((COUNT + 50, 24)).astype(np.float32)
ROWS /= np.linalg.norm(ROWS, axis=1, keepdims=True)


def make(folder: Path, chunks: list[int], previous: tuple[Path, Manifest] | None = None) -> tuple[Path, Manifest]:
    return folder, build(folder, set(chunks), lambda: [(chunks, ROWS[chunks])], previous)


def nearest(generation: tuple[Path, Manifest], row: FloatArray, k: int = 5) -> list[int]:
    with closing(VectorSearch(*generation)) as search:
        return search.nearest(row, k)


def exact(chunks: list[int], row: FloatArray, k: int = 5) -> list[int]:
    return [chunks[place] for place in np.argsort(-(ROWS[chunks] @ row))[:k]]


@pytest.fixture
def first(tmp_path: Path) -> tuple[Path, Manifest]:
    return make(tmp_path / "1", list(range(COUNT)))


@pytest.mark.parametrize(
    "chunks",
    [
        list(range(10, COUNT)),
        list(range(COUNT + 10)),
        list(range(5, COUNT + 5)),
        list(range(1, COUNT)),
        list(range(COUNT + 1)),
        list(range(COUNT)),
        list(range(60, COUNT + 30)),
        [3],
        [],
    ],
    ids=["removed", "added", "both", "one removed", "one added", "none", "most", "one left", "none left"],
)
def test_a_generation_from_the_one_before(tmp_path: Path, first: tuple[Path, Manifest], chunks: list[int]) -> None:
    second = make(tmp_path / "2", chunks, first)
    assert second[1].count == len(chunks)
    assert second[1].fault(second[0], thorough=True) is None
    assert first[1].fault(first[0], thorough=True) is None
    for row in ROWS[[0, 3, 100, COUNT, COUNT + 9]]:
        assert nearest(second, row) == exact(chunks, row)
    third = make(tmp_path / "3", list(range(COUNT)), second)
    assert nearest(third, ROWS[0]) == exact(list(range(COUNT)), ROWS[0])


def test_only_what_changed_is_written(tmp_path: Path, first: tuple[Path, Manifest]) -> None:
    same = make(tmp_path / "2", list(range(COUNT)), first)
    assert {name: entry[2] for name, entry in same[1].files.items() if name.endswith(".bin")} == {
        name: entry[2] for name, entry in first[1].files.items() if name.endswith(".bin")
    }


def test_a_new_graph_is_made_when_much_of_it_is_gone(tmp_path: Path, first: tuple[Path, Manifest]) -> None:
    step = int(COUNT * MOST_CHANGED / 2)
    generation, removed = first, []
    for number in (1, 2, 3):
        generation = make(tmp_path / f"g{number}", list(range(number * step, COUNT)), generation)
        removed.append(generation[1].removed)
    assert removed == [step, 0, step]
