"""What an index on a Chroma server takes as it grows, beside the same in a data directory: ``make scale``.

The texts and the stand-in for the embedder are those of ``evals.scale``; the server and all its readers are on this
machine, so that no network is in the figures.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from evals.chroma_server import ChromaServer
from evals.lists import numbers
from evals.scale import QUESTIONS, TOP, megabytes
from evals.scale_world import CHUNK_TOKENS, BagEmbedding, questions, write_document, write_documents
from evals.tables import table
from index import Index, Settings, index_folder, load_settings

SIZES = (1_000, 10_000)
READERS = 8
_HEAD = (
    *("chunks", "first run s, here", "with a server", "one document changed s, here", "with a server"),
    *("question p50 ms, here", "with a server", "p95", f"p50 of {READERS} readers at once", "server's disk MB"),
    *("memory MB", "up again s"),
)


def main() -> None:
    """Print a table: a row for each size."""
    parser = argparse.ArgumentParser(prog="python -m evals.scale_shared", description=__doc__)
    parser.add_argument("--sizes", type=numbers, default=SIZES, metavar="N,N", help="chunks (default: 1000,10000)")
    rows = []
    for size in parser.parse_args().sizes:
        sys.stderr.write(f"{size:,} chunks …\n")
        rows.append([f"{size:,}", *_measure(size)])
    sys.stdout.write(table(_HEAD, rows) + "\n")


def _measure(size: int) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="polycite-") as temporary:
        folder, here = Path(temporary, "docs"), load_settings(chunk_tokens=CHUNK_TOKENS)
        write_documents(folder, size)
        asked = questions(folder, QUESTIONS)
        with ChromaServer(Path(temporary, "server")) as server:
            shared = here.model_copy(update={"chroma": server.url})
            stores = ((here, Path(temporary, "here")), (shared, Path(temporary, "shared")))
            first = [_index(folder, data_dir, settings) for settings, data_dir in stores]
            write_document(folder, 0, version=1)
            changed = [_index(folder, data_dir, settings) for settings, data_dir in stores]
            alone = [_ask(data_dir, settings, asked) for settings, data_dir in stores]
            with ThreadPoolExecutor(READERS) as readers:
                together = list(readers.map(lambda _: _ask(stores[1][1], shared, asked), range(READERS)))
            disk, memory = megabytes(Path(temporary, "server")), server.memory()
            server.kill()
            began = time.perf_counter()
            server.start()
            _ask(stores[1][1], shared, asked[:1])
            again = time.perf_counter() - began
    return [
        *(f"{seconds:.1f}" for seconds in first),
        *(f"{seconds:.2f}" for seconds in changed),
        *(f"{np.median(seconds):.1f}" for seconds in alone),
        f"{np.quantile(alone[1], 0.95):.1f}",
        f"{np.median(np.concatenate(together)):.1f}",
        f"{disk:,.0f}",
        f"{memory:,.0f}",
        f"{again:.1f}",
    ]


def _index(folder: Path, data_dir: Path, settings: Settings) -> float:
    began = time.perf_counter()
    index_folder(folder, data_dir, settings, embedder=BagEmbedding())
    return time.perf_counter() - began


def _ask(data_dir: Path, settings: Settings, asked: Sequence[str]) -> list[float]:
    """Milliseconds of each question."""
    times = []
    with Index(data_dir, settings, BagEmbedding()) as index:
        index.search(asked[0], TOP)
        for question in asked:
            began = time.perf_counter()
            index.search(question, TOP)
            times.append(1e3 * (time.perf_counter() - began))
    return times


if __name__ == "__main__":
    main()
