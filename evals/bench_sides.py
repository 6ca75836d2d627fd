"""One side of the benchmark at work, in a child process of its own."""

from __future__ import annotations

import re
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Literal

from evals import starter
from evals.bench_work import Work, holds
from evals.record import Record
from index import Index, index_folder, load_settings
from index.e5 import E5Engine

Side = Literal["polycite", "starter"]
WARM_UP = 10

Search = Callable[[str], list[tuple[str, str]]]  # question -> (document, text) of each result, best first


class Indexed(Record):
    """What indexing took; CPU seconds are of all cores together."""

    seconds: float
    cpu_seconds: float
    chunks: int
    peak_mb: float


class Searched(Record):
    """What searching took and found; rows as ``Work.tasks``, columns as the results."""

    seconds: tuple[float, ...]
    relevance: tuple[tuple[bool, ...], ...]
    tokens: tuple[tuple[int, ...], ...]
    peak_mb: float


def child(side: Side, step: str, work_file: str, store: str, out: str) -> None:
    """Do one step of one side and leave a record in the file ``out``."""
    work = Work.model_validate_json(Path(work_file).read_bytes())
    for module in starter.MODULES if side == "starter" else ("chromadb", "index.embedding"):
        import_module(module)  # before the time begins, on either side
    record = _index(side, work, Path(store)) if step == "index" else _search(side, work, Path(store))
    Path(out).write_text(record.model_dump_json(), encoding="utf-8")


def _index(side: Side, work: Work, store: Path) -> Indexed:
    started, cpu_started = time.perf_counter(), time.process_time()
    if side == "starter":
        chunks = starter.build(work.folder, store, work.chunk_size)
    else:
        index_folder(work.folder, store, load_settings())
    seconds, cpu_seconds, peak = time.perf_counter() - started, time.process_time() - cpu_started, _peak_mb()
    if side == "polycite":
        with Index(store, load_settings()) as index:
            chunks = sum(document.chunks for document in index.documents())
    return Indexed(seconds=seconds, cpu_seconds=cpu_seconds, chunks=chunks, peak_mb=peak)


def _search(side: Side, work: Work, store: Path) -> Searched:
    search = starter.searcher(work.folder, store, work.k) if side == "starter" else _polycite_searcher(store, work.k)
    for task in work.tasks[:WARM_UP]:
        search(task.question)
    seconds, results = [], []
    for task in work.tasks:
        started = time.perf_counter()
        found = search(task.question)
        seconds.append(time.perf_counter() - started)
        results.append(found)
    peak = _peak_mb()
    count = E5Engine().count_tokens
    tokens = {text: count(text) for text in {text for found in results for _, text in found}}
    return Searched(
        seconds=tuple(seconds),
        relevance=tuple(
            tuple(holds(task, *result) for result in found) for task, found in zip(work.tasks, results, strict=True)
        ),
        tokens=tuple(tuple(tokens[text] for _, text in found) for found in results),
        peak_mb=peak,
    )


def _polycite_searcher(store: Path, k: int) -> Search:
    index = Index(store, load_settings())
    return lambda question: [(result.source, result.text) for result in index.search(question, k)]


def _peak_mb() -> float:
    """The most memory that this process had in use.

    On Linux ru_maxrss begins at what the parent had when it started the child, so the process's own mark is read.
    """
    status = Path("/proc/self/status")
    if status.exists() and (mark := re.search(r"VmHWM:\s*(\d+) kB", status.read_text(encoding="ascii"))):
        return int(mark[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
