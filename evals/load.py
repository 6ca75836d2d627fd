"""What the page's server bears: ``make load``, on the sample corpus (Linux; needs a quiet machine).

Users ask over HTTP, each one question after the other: one user, eight, as many as may wait for their turn, and more,
who are refused and ask again. The citations of every answer are held against those that the question gets alone. The
command fails on an error, on a citation that differs, and where memory grows after the first thousand questions.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from evals.goldenset import load_golden
from evals.load_world import Server, Tally, drive
from evals.tables import table
from index import index_folder, load_settings

DISTINCT = 100  # with the model, which is slower, a third of them
SETTLED = 1_000  # questions after which memory must not grow
MOST_GROWTH = 0.05
MORE_USERS = 64


@dataclass(frozen=True)
class Phase:
    """Users who ask so many questions among them."""

    users: int
    questions: int


def main() -> int:
    """Print a row for each phase; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m evals.load", description=__doc__)
    parser.add_argument("--questions", type=int, default=10_000, metavar="N", help="without a model (default: 10000)")
    parser.add_argument("--worded", type=int, default=300, metavar="N", help="with the default one (default: 300)")
    parser.add_argument("--users", type=int, default=32, metavar="N", help="who ask them (default: 32)")
    asked = parser.parse_args()
    corpus = Path(__file__).resolve().parent.parent / "corpus"
    with tempfile.TemporaryDirectory(prefix="polycite-") as folder:
        data_dir = Path(folder, "index")
        index_folder(corpus, data_dir, load_settings())
        wanting: list[str] = []
        for llm, most in (("none", asked.questions), ("llamacpp", asked.worded)):
            if most:
                wanting += measure(data_dir, llm, most, asked.users)
    for failure in wanting:
        sys.stdout.write(f"FAILED: {failure}\n")
    return 1 if wanting else 0


def measure(data_dir: Path, llm: str, most: int, users: int) -> list[str]:
    """Print the table of a model; returns what does not hold."""
    questions = _questions(llm)
    phases = [Phase(8, max(most // 10, 8)), Phase(users, most)]
    if llm == "none":
        phases.append(Phase(MORE_USERS, max(most // 20, MORE_USERS)))
    head = ["users", "questions", "a second", "p50 ms", "p95 ms", "p99 ms", "model asked", "errors"]
    head += ["refused, asked again", "model busy", "other citations", "memory before MB", "after MB"]
    rows: list[list[str]] = []
    wanting: list[str] = []
    with Server.over(data_dir, "--llm", llm) as server:
        first = drive(server, questions, 1, {})
        tallies = [(Phase(1, len(questions)), first)]
        questions = questions if llm == "none" else first.for_model
        for number, phase in enumerate(phases):
            plan = list(islice(_shuffled(questions, number), phase.questions))
            tallies.append((phase, drive(server, plan, phase.users, first.citations, SETTLED)))
    for phase, tally in tallies:
        rows.append(_row(phase, tally))
        wanting += _wanting(llm, phase, tally)
    sys.stdout.write(f"### --llm {llm}\n\n{table(head, rows)}\n\n")
    for phase, tally in tallies:
        if phase.questions > SETTLED:
            sys.stdout.write(f"Memory {_growth(tally)} from {SETTLED:,} questions of {phase.users} users on.\n\n")
    sys.stdout.flush()
    return wanting


def _questions(llm: str) -> list[str]:
    """Golden questions; for the default model those in its language, of which the ones it is asked alone are kept."""
    every = [row.question for row in load_golden().questions if llm == "none" or row.language == "en"]
    wanted = DISTINCT if llm == "none" else DISTINCT // 3
    return random.Random(0).sample(every, wanted)


def _shuffled(questions: Sequence[str], seed: int) -> Iterator[str]:
    """The questions in another order, for ever."""
    return cycle(random.Random(seed).sample(questions, len(questions)))


def _row(phase: Phase, tally: Tally) -> list[str]:
    quantiles = np.quantile(tally.seconds, (0.5, 0.95, 0.99)) if tally.seconds else np.zeros(3)
    return [
        *(str(phase.users), f"{phase.questions:,}", f"{len(tally.seconds) / tally.took:.1f}"),
        *(f"{1000 * value:,.0f}" for value in quantiles),
        *(
            f"{count:,}"
            for count in (len(tally.for_model), len(tally.errors), tally.refused, tally.busy, len(tally.wrong))
        ),
        *(f"{tally.memory[place]:,.0f}" for place in (0, -1)),
    ]


def _growth(tally: Tally) -> str:
    _, settled, after = tally.memory
    return f"went from {settled:,.0f} MB to {after:,.0f} MB ({after / settled - 1:+.1%})"


def _wanting(llm: str, phase: Phase, tally: Tally) -> Iterator[str]:
    """What should hold and does not."""
    where = f"--llm {llm}, {phase.users} users"
    if tally.errors:
        yield f"{where}: {len(tally.errors)} errors, such as {tally.errors[0]}"
    if tally.wrong:
        yield f"{where}: {len(tally.wrong)} answers cite otherwise than alone, such as that to {tally.wrong[0]!r}"
    if len(tally.seconds) != phase.questions:
        yield f"{where}: {len(tally.seconds)} answers to {phase.questions} questions"
    if llm != "none" and not tally.for_model:
        yield f"{where}: the model was never asked"
    if phase.questions > SETTLED and tally.memory[-1] > (1 + MOST_GROWTH) * tally.memory[1]:
        yield f"{where}: memory {_growth(tally)}, over {MOST_GROWTH:.0%}"


if __name__ == "__main__":
    sys.exit(main())
