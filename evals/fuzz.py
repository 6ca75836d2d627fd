"""Coverage-guided fuzzing of what reads strangers' input, by Google's Atheris: ``make fuzz``.

Each target runs in processes of its own for its time; what it learns is kept in ``.fuzz``, and the next run goes on
from there. A finding is an input that broke a property, crashed, or took too long or too much memory.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from evals.fuzz_seeds import seeds

# The most bytes of an input of each target: room for structure, and short enough for many a second.
TARGETS = {"readers": 16_384, "sentences": 4_096, "numbers": 512, "verification": 256, "settings": 128}
SECONDS = 60  # for each target
MOST_FINDINGS = 5  # of a target; what breaks everything would be found again and again
_SLOW_S = 20  # for one input of a few thousand bytes
_MEMORY_MB = 3_000
_FOLDER = Path(".fuzz")


@dataclass(frozen=True)
class Tally:
    """What came of a target."""

    target: str
    seconds: float
    executions: int
    findings: tuple[Path, ...]


def fuzz(target: str, seconds: float) -> Tally:
    """Run a target for its time, again after each finding."""
    corpus, found = _FOLDER / target / "corpus", _FOLDER / target / "findings"
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (corpus / f"seed-{number}").write_bytes(seed)
    before = set(found.iterdir())
    executions, began = 0, time.monotonic()
    while (left := seconds - (time.monotonic() - began)) > 1 and len(set(found.iterdir()) - before) < MOST_FINDINGS:
        log = _run(target, f"-max_total_time={int(left)}", f"-artifact_prefix={found}/", str(corpus))
        executions += sum(map(int, re.findall(r"stat::number_of_executed_units:\s*(\d+)", log)))
        if not executions:
            raise SystemExit(f"{target} could not be run:\n{log[-2000:]}")
    new = tuple(sorted(set(found.iterdir()) - before))
    return Tally(target, time.monotonic() - began, executions, new)


def _run(target: str, *options: str) -> str:
    limits = [f"-timeout={_SLOW_S}", f"-rss_limit_mb={_MEMORY_MB}", f"-max_len={TARGETS[target]}"]
    command = [sys.executable, "-m", "evals.fuzz_child", target, *limits, "-print_final_stats=1", *options]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    with (_FOLDER / target / "log").open("a", encoding="utf-8") as log:
        log.write(done.stdout + done.stderr)
    return done.stderr


def main() -> int:
    """Fuzz, say what came of it, and how to see each finding again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each target")
    parser.add_argument("--target", choices=TARGETS, action="append", help="only this one")
    options = parser.parse_args()
    tallies = []
    for target in options.target or TARGETS:
        tally = fuzz(target, options.seconds)
        tallies.append(tally)
        sys.stdout.write(
            f"{tally.target}: {tally.seconds:.0f} s, {tally.executions:,} executions, {len(tally.findings)} findings\n"
        )
        for path in tally.findings:
            sys.stdout.write(f"  see it again: {sys.executable} -m evals.fuzz_child {target} {path}\n")
        sys.stdout.flush()
    return int(any(tally.findings for tally in tallies))


if __name__ == "__main__":
    sys.exit(main())
