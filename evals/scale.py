"""What an index takes as it grows: ``make scale``.

For each size, documents of synthetic texts are indexed by a stand-in for the embedder (what embedding costs,
``evals.bench_e5`` says), each step in a process of its own, so that its memory can be told. The exact search that the
places are compared with goes through all vectors of the index.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

import numpy as np

from evals.lists import numbers
from evals.scale_world import CHUNK_TOKENS, BagEmbedding, questions, write_document, write_documents
from evals.tables import table
from index import Index, Settings, index_folder, load_settings
from index.database import CHROMA
from index.neutral import neutral
from index.publish import manifest, search_vectors, space
from index.store import Store
from index.vectors import VectorSearch, generation_folder

SIZES = (1_000, 10_000, 100_000)
QUESTIONS = 200
TOP = 5

Figures = dict[str, float]


def main() -> None:
    """Print a table: a row for each size."""
    parser = argparse.ArgumentParser(prog="python -m evals.scale", description=__doc__)
    parser.add_argument(
        "--sizes", type=numbers, default=SIZES, metavar="N,N", help="chunks (default: 1000,10000,100000)"
    )
    sizes = parser.parse_args().sizes
    head = ["chunks", "first run s", "nothing changed", "one document changed", "Chroma anew s"]
    head += [
        "question p50 ms",
        "p95 ms",
        f"top {TOP} places",
        "memory: first run MB",
        "asking MB",
        "disk MB",
        "of it Chroma",
    ]
    rows, p50 = [], []
    for size in sizes:
        sys.stderr.write(f"{size:,} chunks …\n")
        figures = _measure(size)
        p50.append(figures["p50"])
        rows.append(_row(size, figures))
    lines = [table(head, rows), ""]
    lines.append(
        f"A question at {sizes[-1]:,} chunks takes {p50[-1] / p50[0]:.2f} times what it takes at {sizes[0]:,}."
    )
    sys.stdout.write("\n".join(lines) + "\n")


def _row(size: int, figures: Figures) -> list[str]:
    first = figures["first"]
    return [
        f"{size:,}",
        f"{first:.1f}",
        *(f"{figures[name]:.2f} s ({figures[name] / first:.1%})" for name in ("unchanged", "changed")),
        f"{figures['rebuild']:.1f}",
        *(f"{figures[name]:.1f}" for name in ("p50", "p95")),
        f"{figures['places']:.1%}",
        *(f"{figures[name]:,.0f}" for name in ("first memory", "asking memory", "disk", "chroma")),
    ]


def _measure(size: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="polycite-") as temporary:
        folder, data_dir = Path(temporary, "docs"), Path(temporary, "index")
        write_documents(folder, size)
        figures = _apart(_index, folder, data_dir, "first")
        figures |= _apart(_index, folder, data_dir, "unchanged")
        write_document(folder, 0, version=1)
        figures |= _apart(_index, folder, data_dir, "changed")
        figures["disk"] = megabytes(data_dir)
        shutil.rmtree(data_dir / CHROMA)
        figures |= _apart(_index, folder, data_dir, "rebuild")
        figures["chroma"] = megabytes(data_dir / CHROMA)
        figures |= _apart(_ask, folder, data_dir, "asking")
        return figures | _apart(_compare, folder, data_dir, "comparing")


def _apart(work: Callable[[Path, Path, str], Figures], folder: Path, data_dir: Path, name: str) -> Figures:
    """Do it in a process of its own; adds the most memory that it held."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(work, folder, data_dir, name, theirs.send))
    process.start()
    theirs.close()
    figures: Figures = json.loads(ours.recv())
    process.join()
    return figures


def _child(
    work: Callable[[Path, Path, str], Figures], folder: Path, data_dir: Path, name: str, send: Callable[[str], None]
) -> None:
    figures = work(folder, data_dir, name)
    figures[f"{name} memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    send(json.dumps(figures))


def _index(folder: Path, data_dir: Path, name: str) -> Figures:
    began = time.perf_counter()
    report = index_folder(folder, data_dir, _settings(), embedder=BagEmbedding())
    if name in ("unchanged", "rebuild") and report.embedded_texts:
        raise AssertionError(f"{report.embedded_texts} texts were embedded again")
    return {name: time.perf_counter() - began}


def _ask(folder: Path, data_dir: Path, name: str) -> Figures:
    asked = questions(folder, QUESTIONS)
    with Index(data_dir, _settings(), BagEmbedding()) as index:
        index.search(asked[0], TOP)
        seconds = []
        for question in asked:
            began = time.perf_counter()
            index.search(question, TOP)
            seconds.append(time.perf_counter() - began)
    return {"p50": 1e3 * median(seconds), "p95": 1e3 * float(np.quantile(seconds, 0.95))}


def _compare(folder: Path, data_dir: Path, name: str) -> Figures:
    """The share of the ``TOP`` places of an exact search that Chroma's search finds."""
    asked = questions(folder, QUESTIONS)
    with closing(Store.open(data_dir)) as store:
        generation = generation_folder(data_dir, store.generation)
        parts = list(search_vectors(store, store.generation))
        found, basis = manifest(store), space(store).basis
    ids = np.concatenate([np.array(part) for part, _ in parts])
    rows = np.concatenate([vectors for _, vectors in parts])
    embedder = BagEmbedding()
    hits = 0
    with closing(VectorSearch(generation, found)) as search:
        for question in asked:
            vector = neutral(np.array(embedder.get_query_embedding(question), np.float32), basis.rows)
            exact = ids[np.argsort(-(rows @ vector), kind="stable")[:TOP]]
            hits += len(set(exact.tolist()) & set(search.nearest(vector, TOP)))
    return {"places": hits / (TOP * len(asked))}


def _settings() -> Settings:
    return load_settings(chunk_tokens=CHUNK_TOKENS)


def megabytes(folder: Path) -> float:
    """What the files in a folder take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


if __name__ == "__main__":
    main()
