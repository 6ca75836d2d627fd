"""``polycite eval``: runs, comparisons, the gate."""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from index import Settings
from index.datadir import find
from index.errors import UsageError
from ui.cli import ANSWERED, FAULT
from ui.feedback import FILE

if TYPE_CHECKING:
    from evals.results import Figure

CORPUS = "corpus"
RUNS_FOLDER = ".polycite-eval"


def evaluate(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run ``polycite eval`` or one of its actions; returns the exit status."""
    if arguments.xquad is not None:
        return _xquad(arguments, settings)
    actions: dict[str | None, Callable[[argparse.Namespace, Settings], int]] = {
        None: _run,
        "compare": _compare,
        "feedback": _feedback,
        "init": _init,
        "judge": _judge,
        "gate": _gate,
        "baseline": _baseline,
        "claims": _claims,
    }
    return actions[arguments.action](arguments, settings)


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    from evals.results import REPORT_FILE
    from evals.run import run

    out = Path(arguments.out) if arguments.out else Path(RUNS_FOLDER) / f"{datetime.now():%Y-%m-%dT%H-%M-%S}"
    golden = Path(arguments.golden) if arguments.golden else None
    with _progress() as progress:
        summary = run(
            _corpus(arguments),
            out,
            settings,
            golden=golden,
            split="all" if arguments.split is None else arguments.split,
            command="polycite " + shlex.join(sys.argv[1:]),
            progress=progress,
        )
    _print_figures(summary.figures)
    _print(f"{summary.errors} errors, {summary.meta['seconds']} s. Report: {out / REPORT_FILE}")
    return ANSWERED


def _xquad(arguments: argparse.Namespace, settings: Settings) -> int:
    from evals.benchmark import Progress, run_benchmark
    from evals.xquad import DRAWS, run_xquad
    from evals.xquad_data import LANGUAGES
    from evals.xquad_page import to_markdown
    from evals.xquad_report import XquadReport

    languages = LANGUAGES if arguments.languages is None else arguments.languages
    draws = DRAWS if arguments.draws is None else arguments.draws
    if arguments.llm is None:
        settings = settings.model_copy(update={"llm": "none"})

    def run(progress: Progress) -> tuple[XquadReport, str]:
        report = run_xquad(Path(arguments.xquad), languages, draws, arguments.questions, settings, progress)
        return report, to_markdown(report)

    run_benchmark(Path(arguments.out) if arguments.out else None, run)
    return ANSWERED


def _compare(arguments: argparse.Namespace, _: Settings) -> int:
    from evals.compare import compare, to_text
    from evals.gate import of_rows
    from evals.results import read_rows

    before, after = (of_rows(read_rows(Path(folder))) for folder in (arguments.before, arguments.after))
    for folder, found in ((arguments.before, before), (arguments.after, after)):
        if not found:
            raise UsageError(f"no results in {folder}; give the folder of a run ('polycite eval' prints it)")
    _print(to_text(compare(before, after)))
    return ANSWERED


def _feedback(arguments: argparse.Namespace, settings: Settings) -> int:
    from evals.reviewed import add_reviewed

    feedback = find(settings.data_dir, Path.cwd()) / FILE
    target = Path(arguments.golden)
    added, left = add_reviewed(feedback, target)
    how = f'; to review one, add "reviewed": {{"answers": [["words of a right answer"]]}} to its line in {feedback}'
    _print(f"{added} rows added to {target}, {left} questions not reviewed{how if left else ''}")
    return ANSWERED


def _init(arguments: argparse.Namespace, _: Settings) -> int:
    from evals.scaffold import scaffold

    folder = Path(arguments.folder)
    beside = folder.resolve().parent / f"{folder.resolve().name}.golden.jsonl"
    target = Path(arguments.golden) if arguments.golden else beside
    rows = scaffold(folder, target)
    _print(f"{rows} rows in {target}. Edit each, then: polycite eval --corpus {folder} --golden {target}")
    return ANSWERED


def _judge(arguments: argparse.Namespace, settings: Settings) -> int:
    from evals.judge import JUDGE_FILE, judge

    with _progress() as progress:
        _print_figures(judge(Path(arguments.run), settings.model, arguments.limit, progress))
    _print(f"A model's opinion, apart from all other figures: {Path(arguments.run) / JUDGE_FILE}")
    return ANSWERED


def _gate(arguments: argparse.Namespace, settings: Settings) -> int:
    from evals.compare import to_text
    from evals.gate import SPLIT, baseline_path, judge, read_baseline
    from evals.results import read_rows
    from evals.run import run

    with _out(arguments.out) as out, _progress() as progress:
        summary = run(_corpus(arguments), out, settings, split=SPLIT, progress=progress)
        red, changes = judge(summary, read_rows(out), read_baseline(baseline_path()))
    _print(to_text(changes))
    for line in red:
        _print(f"RED: {line}")
    _print("The gate is red." if red else f"The gate is green ({summary.meta['seconds']} s).")
    return FAULT if red else ANSWERED


def _baseline(arguments: argparse.Namespace, settings: Settings) -> int:
    from evals.compare import compare, to_text
    from evals.gate import SPLIT, baseline_path, of_rows, read_baseline, write_baseline
    from evals.results import read_rows
    from evals.run import run

    with _out(arguments.out) as out, _progress() as progress:
        run(_corpus(arguments), out, settings, split=SPLIT, progress=progress)
        rows = read_rows(out)
    _print(to_text(compare(read_baseline(baseline_path()), of_rows(rows))))
    write_baseline(baseline_path(), rows)
    return ANSWERED


def _claims(arguments: argparse.Namespace, settings: Settings) -> int:
    from evals.benchmark import Progress, run_benchmark
    from evals.claims import run_claims
    from evals.claims_page import to_markdown
    from evals.claims_report import ClaimsReport

    split = "report" if arguments.split is None else arguments.split
    settings = settings.model_copy(update={"llm": "none"})  # verification is not the model's

    def run(progress: Progress) -> tuple[ClaimsReport, str]:
        command = "polycite " + shlex.join(sys.argv[1:])
        found = run_claims(_corpus(arguments), split, settings, command, progress)
        return found, to_markdown(found, failures=arguments.failures)

    run_benchmark(Path(arguments.out) if arguments.out else None, run)
    return ANSWERED


def _corpus(arguments: argparse.Namespace) -> Path:
    return Path(CORPUS if arguments.corpus is None else arguments.corpus)


@contextmanager
def _out(given: str | None) -> Iterator[Path]:
    """The folder asked for, or one that goes away again."""
    if given:
        yield Path(given)
    else:
        with tempfile.TemporaryDirectory(prefix="polycite-") as folder:
            yield Path(folder)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    with tqdm(desc="Asking", unit="question", disable=None, leave=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress


def _print_figures(figures: Mapping[str, Figure]) -> None:
    for name, figure in figures.items():
        interval = f"  [{figure.low:.3f}, {figure.high:.3f}]" if figure.low is not None else ""
        _print(f"{name:<34} {figure.value:.3f}  n={figure.n}{interval}")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
