"""The reader beside the chaos test, in a process of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext
from pathlib import Path

from evals.chaos_child import read_in_child
from evals.chaos_tally import Tally
from index import Settings

_ANSWER_S = 60  # that it may take to say what it saw


def processes() -> ForkServerContext:
    """Where the processes of the test come from: each is there in some milliseconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["evals.chaos_child", "chromadb"])
    return context


@contextmanager
def reader_beside(data_dir: Path, settings: Settings, seed: int, tally: Tally) -> Iterator[None]:
    """Ask all the while; what is asked, and what is wrong, goes into the tally."""
    context = processes()
    ours, theirs = context.Pipe()
    reader = context.Process(target=read_in_child, args=(data_dir, settings, seed, theirs))
    reader.start()
    try:
        yield
        ours.send("stop")
        tally.hear(ours.recv() if ours.poll(_ANSWER_S) else (0, ["the reader gave no answer"]))
    finally:
        reader.kill()
        reader.join()
