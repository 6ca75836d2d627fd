"""Real parts throughout: the real embedder, Chroma and SQLite, over the sample corpus."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from index import Index, index_folder, load_settings

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "corpus"
SEEDS = ROOT.parent / "shared" / "seeds"


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting and no index of the person who runs the tests reaches them."""
    for variable in [name for name in os.environ if name.upper().startswith("POLYCITE_")]:
        monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def corpus_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data directory of the indexed sample corpus; tests read it only."""
    data_dir = tmp_path_factory.mktemp("corpus") / ".polycite"
    index_folder(CORPUS, data_dir, load_settings())
    return data_dir


@pytest.fixture
def corpus_index(corpus_dir: Path) -> Iterator[Index]:
    with Index(corpus_dir, load_settings()) as index:
        yield index
