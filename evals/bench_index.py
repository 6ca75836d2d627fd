"""What indexing takes beside the embedding that it needs, in one run: ``python -m evals.bench_index``.

The sample corpus is taken several times over, with a number at the end of every paragraph so that nothing is the same
twice. First its sentences and chunks are embedded alone, then a folder with the same texts is indexed, twice.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from index import index_folder, load_settings
from index.embedder import Embedder
from index.indexer import BATCH
from index.store import Store

COPIES = 12
CORPUS = Path(__file__).parent.parent / "corpus"


def main() -> None:
    """Print seconds and their ratio."""
    with tempfile.TemporaryDirectory(prefix="polycite-") as temporary:
        folder, data_dir = Path(temporary, "docs"), Path(temporary, "index")
        _write(folder)
        settings = load_settings()
        index_folder(folder, Path(temporary, "first"), settings)  # imports, and the pages of the weights
        began = time.perf_counter()
        report = index_folder(folder, data_dir, settings)
        indexing = time.perf_counter() - began
        texts = list(_texts(data_dir))
        embedder = Embedder(settings)
        embedder.passages(texts[:2])
        began = time.perf_counter()
        for start in range(0, len(texts), BATCH):
            embedder.passages(texts[start : start + BATCH])
        embedding = time.perf_counter() - began
        began = time.perf_counter()
        index_folder(folder, data_dir, settings)
        again = time.perf_counter() - began
    sys.stdout.write(
        f"{len(report.added)} documents, {len(texts)} different sentences and chunks\n"
        f"embedding alone {embedding:.1f} s, indexing {indexing:.1f} s: {indexing / embedding:.2f} times\n"
        f"indexing again, nothing changed: {again:.3f} s, {again / indexing:.2%} of the first run\n"
    )


def _write(folder: Path) -> None:
    folder.mkdir()
    for path in sorted(CORPUS.glob("*.txt")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for copy in range(COPIES):
            numbered = "\n".join(f"{line} {copy}-{number}" if line else "" for number, line in enumerate(lines))
            (folder / f"{path.stem}-{copy}.txt").write_text(numbered, encoding="utf-8")


def _texts(data_dir: Path) -> Iterator[str]:
    """The different texts that were embedded."""
    with closing(Store.open(data_dir)) as store:
        seen = set()
        for ids, _, _ in store.vectors(store.generation):
            for chunk in store.chunks(ids):
                seen.update([chunk.text, *(text for _, text in chunk.sentences)])
    yield from sorted(seen)


if __name__ == "__main__":
    main()
