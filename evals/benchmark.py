"""What the benchmarks share on the command line: progress, versions, where page and record go."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from pydantic import BaseModel
from tqdm import tqdm

from evals.results import write_json
from index.errors import UsageError

Progress = Callable[[str, int, int], None]  # what is being done, steps done, steps in all
K = 20  # results of a search: enough to fill the largest budget


def run_benchmark(out: Path | None, run: Callable[[Progress], tuple[BaseModel, str]]) -> None:
    """Run a benchmark, which makes a record and a page: the page goes to stdout, the record to ``out``.

    Raises:
        UsageError: ``out`` has no folder to go to.
        PolyciteError: whatever ``run`` raises.
    """
    if out is not None and not out.absolute().parent.is_dir():
        raise UsageError(f"{out}: no such folder to write to")
    with closing(_Bar()) as bar:
        record, page = run(bar)
    if out is not None:
        write_json(out, record)
    sys.stdout.write(page)


def versions(*names: str) -> str:
    """The versions of Python and of distributions, in one line."""
    return ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in names)])


class _Bar:
    """Progress on stderr, a bar for each thing that is being done."""

    def __init__(self) -> None:
        self._bar: tqdm[NoReturn] | None = None
        self._what = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` steps are done."""
        if self._bar is None or what != self._what:
            self.close()
            self._bar = tqdm(total=total, desc=what, file=sys.stderr)
            self._what = what
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Leave the last bar as it stands."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
