"""How long the first question takes on a machine with nothing installed, and the next: ``python -m evals.times``.

Runs ``make ask`` twice in a copy of the checkout without its .venv; the first time needs the network, to install.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

QUESTION = "How many H100 GPUs does Meta want to secure by the end of the year?"
LEFT_BEHIND = shutil.ignore_patterns(".venv", ".git", ".polycite*", "*.egg-info", "__pycache__", ".*_cache")


def main() -> None:
    """Print wall times and the largest process's peak memory."""
    checkout = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory(prefix="polycite-") as folder:
        copy = Path(folder) / "polycite"
        shutil.copytree(checkout, copy, ignore=LEFT_BEHIND)
        for name in ("cold (installs, indexes, asks)", "warm"):
            sys.stdout.write(f"{name}: {_ask(copy):.1f} s\n")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    sys.stdout.write(f"peak memory of the largest process: {peak:.0f} MB; load {os.getloadavg()[0]:.1f}\n")


def _ask(folder: Path) -> float:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "VIRTUAL"))
    }
    started = time.perf_counter()
    done = subprocess.run(["make", "ask", f"Q={QUESTION}"], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode or "350 000" not in done.stdout:
        sys.exit(f"make ask failed: {done.stderr}")
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
