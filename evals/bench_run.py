"""Both sides of the benchmark, in turn, each in child processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from evals.bench_report import BenchReport, side_report
from evals.bench_sides import Indexed, Searched, Side
from evals.bench_work import Work
from evals.benchmark import Progress
from index import PolyciteError
from index.errors import UsageError

SIDES: tuple[Side, Side] = ("polycite", "starter")


def run_bench(work: Work, rounds: int, meta: dict[str, str], progress: Progress) -> BenchReport:
    """Let both sides do the work ``rounds`` times.

    Raises:
        UsageError: nothing to ask, or a number that makes no sense.
        PolyciteError: a child failed; the message ends with its last words.
    """
    if not work.tasks or rounds < 1 or work.k < 5:
        raise UsageError("nothing to measure: it takes a question or more, --rounds 1 or more, --k 5 or more")
    indexed: dict[Side, list[Indexed]] = {side: [] for side in SIDES}
    searched: dict[Side, list[Searched]] = {side: [] for side in SIDES}
    disk: dict[Side, float] = {}
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        (place / "work.json").write_text(work.model_dump_json(), encoding="utf-8")
        for number in range(rounds):
            order = SIDES if number % 2 else SIDES[::-1]
            for done, side in enumerate(order, 2 * number):
                progress("both sides", done, 2 * rounds)
                indexed[side].append(Indexed.model_validate_json(_run(side, "index", place, number)))
                disk[side] = _megabytes(_store(place, side, number))
            for side in order:
                searched[side].append(Searched.model_validate_json(_run(side, "search", place, number)))
            progress("both sides", 2 * number + 2, 2 * rounds)
    reports = {side: side_report(work, indexed[side], searched[side], disk[side]) for side in SIDES}
    return BenchReport(meta=meta, polycite=reports["polycite"], starter=reports["starter"])


def _store(place: Path, side: Side, number: int) -> Path:
    return place / f"{side}-{number}"


def _run(side: Side, step: str, place: Path, number: int) -> bytes:
    out = place / "out.json"
    files = [str(path) for path in (place / "work.json", _store(place, side, number), out)]
    code = "import sys; from evals.bench_sides import child; child(*sys.argv[1:])"
    # LlamaIndex finds the tokenizer that it ships only where this variable does not lead elsewhere.
    environment = {name: value for name, value in os.environ.items() if name != "TIKTOKEN_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", code, side, step, *files], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise PolyciteError(f"{side} could not {step}: {last}")
    return out.read_bytes()


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
