"""Vectors by content: no text is embedded twice, whatever becomes of runs, files and settings."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from llama_index.core.base.embeddings.base import BaseEmbedding

from evals.hash_embedding import HashEmbedding
from index import Index, index_folder, load_settings
from index.doctor import examine
from index.errors import IndexMismatchError, IndexMissingError, ModelError, UsageError
from index.indexer import BATCH, IndexReport
from index.store import Store, content_key
from index.tokens import count_tokens
from tests.conftest import ROOT

SETTINGS = load_settings(chunk_tokens=32)
WORDS = " ".join(f"word{number}" for number in range(20))


class CutShortError(Exception):
    """The test's own."""


class ShortLivedEmbedding(HashEmbedding):
    """Gives up after so many texts."""

    texts_left: int

    def _get_text_embedding(self, text: str) -> list[float]:
        self.texts_left -= 1
        if self.texts_left < 0:
            raise CutShortError
        return super()._get_text_embedding(text)


class OtherEmbedding(HashEmbedding):
    """Another name and another width."""

    model_name: str = "other"

    def _get_text_embedding(self, text: str) -> list[float]:
        return super()._get_text_embedding(text)[:32]


def document(name: str, sentences: int) -> str:
    return "\n\n".join(f"In {name} this is sentence {number} of many: {WORDS}." for number in range(sentences))


def run(folder: Path, data_dir: Path, embedder: HashEmbedding | None = None, *, rebuild: bool = False) -> IndexReport:
    return index_folder(folder, data_dir, SETTINGS, embedder=embedder or HashEmbedding(), rebuild=rebuild)


def count(data_dir: Path, table: str) -> int:
    with closing(sqlite3.connect(data_dir / "polycite.sqlite3")) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text(document("a", 3), encoding="utf-8")
    return folder


def test_a_file_that_is_cut_short_is_taken_up_where_it_was_left(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    run(folder, data_dir)
    (folder / "big.txt").write_text(document("big", 5 * BATCH), encoding="utf-8")
    with pytest.raises(CutShortError):
        run(folder, data_dir, ShortLivedEmbedding(texts_left=3 * BATCH + 1))
    assert count(data_dir, "vectors") == 3 + 3 * BATCH
    assert {finding.state for finding in examine(data_dir)} == {"ok", "note"}
    assert run(folder, data_dir).embedded_texts == 2 * BATCH
    assert {finding.state for finding in examine(data_dir)} == {"ok"}


def test_renamed_repeated_and_returning_texts_are_embedded_once(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    assert run(folder, data_dir).embedded_texts == 3
    (folder / "a.txt").rename(folder / "b.txt")
    (folder / "copy.txt").write_text(document("a", 3), encoding="utf-8")
    report = run(folder, data_dir)
    assert (report.added, report.removed, report.embedded_texts) == (["b.txt", "copy.txt"], ["a.txt"], 0)
    assert count(data_dir, "vectors") == 3


def test_a_rebuild_with_other_sizes_of_chunks_embeds_what_is_new_only(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    run(folder, data_dir)
    larger = load_settings(chunk_tokens=500)
    report = index_folder(folder, data_dir, larger, embedder=HashEmbedding(), rebuild=True)
    assert report.embedded_texts == 1  # one chunk of the three sentences
    assert count(data_dir, "vectors") == 4


def test_a_rebuild_renews_other_folders_from_what_is_stored(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.txt").write_text(document("b", 3), encoding="utf-8")
    run(folder, data_dir)
    run(other, data_dir)
    (other / "b.txt").unlink()
    index_folder(folder, data_dir, load_settings(chunk_tokens=500), embedder=HashEmbedding(), rebuild=True)
    with Index(data_dir, load_settings(chunk_tokens=500), HashEmbedding()) as index:
        assert [(item.source, item.chunks) for item in index.documents()] == [("a.txt", 1), ("other/b.txt", 1)]


def test_vectors_that_nothing_needs_are_collected(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    (folder / "b.txt").write_text(document("b", 7), encoding="utf-8")
    run(folder, data_dir)
    assert count(data_dir, "vectors") == 10
    (folder / "b.txt").unlink()
    run(folder, data_dir)
    assert (count(data_dir, "vectors"), count(data_dir, "documents")) == (3, 1)


def test_leftovers_go_with_the_next_run_even_if_nothing_changed(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    run(folder, data_dir)
    (folder / "b.txt").write_text(document("b", BATCH), encoding="utf-8")
    (folder / "c.txt").write_text(document("c", 2 * BATCH), encoding="utf-8")
    with pytest.raises(CutShortError):
        run(folder, data_dir, ShortLivedEmbedding(texts_left=2 * BATCH))
    (data_dir / "chroma" / "000002").mkdir()
    (data_dir / "chroma" / "000009").mkdir()
    assert (count(data_dir, "vectors"), count(data_dir, "documents")) == (3 + 2 * BATCH, 2)
    (folder / "b.txt").unlink()
    (folder / "c.txt").unlink()
    report = run(folder, data_dir)
    assert (report.added, report.changed, report.removed) == ([], [], [])
    assert (count(data_dir, "vectors"), count(data_dir, "documents")) == (3, 1)
    assert [path.name for path in (data_dir / "chroma").iterdir()] == ["000001"]


def test_what_another_folders_run_prepared_is_not_published_but_its_vectors_are_kept(
    folder: Path, tmp_path: Path
) -> None:
    data_dir = tmp_path / "d"
    run(folder, data_dir)
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.txt").write_text(document("b", BATCH), encoding="utf-8")
    (other / "c.txt").write_text(document("c", BATCH), encoding="utf-8")
    with pytest.raises(CutShortError):
        run(other, data_dir, ShortLivedEmbedding(texts_left=BATCH))
    assert count(data_dir, "documents") == 2
    (folder / "a.txt").write_text(document("a", 4), encoding="utf-8")
    run(folder, data_dir)
    with Index(data_dir, SETTINGS, HashEmbedding()) as index:
        assert [item.source for item in index.documents()] == ["a.txt"]
    notes = [finding.detail for finding in examine(data_dir) if finding.state == "note"]
    assert any(f"polycite index {other}" in note for note in notes)
    assert run(other, data_dir).embedded_texts == BATCH
    assert {finding.state for finding in examine(data_dir)} == {"ok"}
    assert count(data_dir, "vectors") == 4 + 2 * BATCH


def test_an_interrupted_rebuild_leaves_the_index_as_it_was(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    (folder / "b.txt").write_text(document("b", 3), encoding="utf-8")
    run(folder, data_dir)
    with pytest.raises(CutShortError):
        index_folder(
            folder,
            data_dir,
            load_settings(chunk_tokens=500),
            embedder=ShortLivedEmbedding(texts_left=1),
            rebuild=True,
        )
    assert run(folder, data_dir).unchanged == ["a.txt", "b.txt"]
    assert {finding.state for finding in examine(data_dir)} == {"ok"}


def test_memory_stays_flat_while_a_large_file_is_embedded(folder: Path, tmp_path: Path) -> None:
    """Wide vectors, so that those of the whole file would be far more than all else; the run ends before Chroma's."""
    code = (
        "import resource, sys; from pathlib import Path; from index import index_folder, load_settings\n"
        "from evals.hash_embedding import HashEmbedding\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024\n"
        "class Wide(HashEmbedding):\n"
        "    left: int = 9_900\n"
        "    def _get_text_embedding(self, text):\n"
        "        self.left -= 1\n"
        "        if not self.left: sys.exit(f'grown by {peak() - before}')\n"
        "        return super()._get_text_embedding(text) * 64\n"
        "before = peak()\n"
        "index_folder(Path(sys.argv[1]), Path(sys.argv[2]), load_settings(chunk_tokens=32), embedder=Wide())"
    )
    (folder / "big.txt").write_text(document("big", 10_000), encoding="utf-8")
    command = [sys.executable, "-c", code, str(folder), str(tmp_path / "d")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    all_vectors = 10_000 * 64 * 64 * 4
    assert int(done.stderr.removeprefix("grown by ")) < all_vectors / 2


def test_chunks_come_in_the_order_asked_and_one_that_is_gone_is_passed_over(folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path / "d")
    with closing(Store.open(tmp_path / "d")) as store:
        chunks = store.chunks([3, 99, 1])
        assert [chunk.id for chunk in chunks] == [3, 1]
        for chunk in chunks:
            texts = [text for _, text in chunk.sentences]
            expected = np.asarray(HashEmbedding().get_text_embedding_batch(texts), np.float32)
            expected /= np.linalg.norm(expected, axis=1, keepdims=True)
            assert np.allclose(chunk.sentence_vectors, expected, atol=1e-3)


def test_a_key_tells_embedders_and_texts_apart() -> None:
    keys = {content_key(*parts) for parts in (("a", "b"), ("ab", ""), ("", "ab"), ("a", "b "), ("a", "\udcff"))}
    assert len(keys) == 5


def test_another_embedder_makes_and_reads_an_index_of_its_own(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    run(folder, data_dir)
    with pytest.raises(IndexMismatchError, match="embedder hash instead of other"):
        Index(data_dir, SETTINGS, OtherEmbedding())
    with pytest.raises(IndexMismatchError, match="embedder hash instead of multilingual-e5"):
        Index(data_dir, SETTINGS)
    with pytest.raises(IndexMismatchError, match="embedder hash instead of other"):
        run(folder, data_dir, OtherEmbedding())
    run(folder, data_dir, OtherEmbedding(), rebuild=True)
    asked = document("a", 1)
    with Index(data_dir, SETTINGS, OtherEmbedding()) as index:
        best = index.search(asked, 1)[0]
        assert best.text == asked
        assert best.score > 0.99
    assert {finding.state for finding in examine(data_dir)} == {"ok"}


class CountlessEmbedding(BaseEmbedding):
    """Without a count of its own, as most are."""

    model_name: str = "countless"

    def _get_text_embedding(self, text: str) -> list[float]:
        return HashEmbedding().get_text_embedding(text)

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


def test_tiktoken_counts_for_an_embedder_that_cannot(folder: Path, tmp_path: Path) -> None:
    index_folder(folder, tmp_path / "d", load_settings(chunk_tokens=500), embedder=CountlessEmbedding())
    with Index(tmp_path / "d", load_settings(chunk_tokens=500), CountlessEmbedding()) as index:
        found = index.search("sentence", 1)[0]
    assert found.tokens == count_tokens(found.text) > len(found.text.split())


def test_an_embedder_without_a_name_and_one_that_gives_no_numbers(folder: Path, tmp_path: Path) -> None:
    class BrokenEmbedding(HashEmbedding):
        def _get_text_embedding(self, text: str) -> list[float]:
            return [float("nan")] * 64

    with pytest.raises(UsageError, match="has no model_name"):
        run(folder, tmp_path / "d", HashEmbedding(model_name="unknown"))
    with pytest.raises(ModelError, match="hash gave a vector that is no number"):
        run(folder, tmp_path / "d", BrokenEmbedding())
    with pytest.raises(IndexMissingError):
        Index(tmp_path / "d", SETTINGS, HashEmbedding())
