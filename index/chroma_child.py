"""A child process that opens a generation, so that a crash of Chroma's native code ends nobody else.

Takes one line of JSON (folder, manifest, vectors), answers with one: all ids, and the nearest to each vector.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.errors import VectorsDamagedError
from index.manifest import Manifest
from index.types import FloatArray
from index.vectors import VectorSearch

TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Answer:
    """What Chroma holds, and the id that it finds nearest to each vector that was sent."""

    ids: list[int]
    nearest: list[int]


def ask(folder: Path, manifest: Manifest, vectors: Sequence[FloatArray]) -> Answer:
    """Open a generation in a child process and ask it.

    Raises:
        VectorsDamagedError: it cannot be opened, or the child crashed or took too long.
    """
    request = {"folder": str(folder), "manifest": manifest.to_json(), "vectors": [row.tolist() for row in vectors]}
    command = [sys.executable, "-P", "-m", __name__]  # -P: nothing is imported from the working directory
    try:
        done = subprocess.run(
            command, input=json.dumps(request), capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired as error:
        raise VectorsDamagedError(f"{folder}: Chroma gave no answer in {TIMEOUT_S} s") from error
    if done.returncode:
        last = (done.stderr.strip() or "nothing was said").splitlines()[-1]
        raise VectorsDamagedError(f"{folder}: Chroma ended with status {done.returncode}: {last}")
    return Answer(**json.loads(done.stdout))


def main() -> None:
    """Answer the request on standard input."""
    request = json.loads(sys.stdin.read())
    with closing(VectorSearch(Path(request["folder"]), Manifest.from_json(request["manifest"]))) as search:
        found = [search.nearest(np.asarray(row, np.float32), 1)[0] for row in request["vectors"]]
        sys.stdout.write(json.dumps({"ids": search.ids(), "nearest": found}))


if __name__ == "__main__":
    main()
