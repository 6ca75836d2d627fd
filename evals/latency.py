"""How long an answer takes to begin and to end: ``make latency``, on the sample corpus with the default model.

Every figure is from one run, in this order: opening; the first question; others, one after the other; eight at once.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from evals.goldenset import load_golden
from evals.tables import table
from index import index_folder, load_settings
from qa import Answer, AnswerReady, Chatbot, DraftToken, EvidenceFound, SentenceVerified

QUESTIONS = 20
AT_ONCE = 8


@dataclass(frozen=True)
class Timed:
    """Seconds from the question to its first event, verified quote and draft token (None: no model), and its end."""

    event: float
    quote: float | None
    token: float | None
    end: float
    answer: Answer


def timed(bot: Chatbot, question: str) -> Timed:
    """Ask a question with a watch in hand."""
    started = time.perf_counter()
    first: dict[type, float] = {}
    for event in bot.stream(question):
        first.setdefault(type(event), time.perf_counter() - started)
        if isinstance(event, AnswerReady):
            answer = event.answer
    return Timed(first[EvidenceFound], first.get(SentenceVerified), first.get(DraftToken), first[AnswerReady], answer)


def main() -> None:
    """Print the tables."""
    corpus = Path(__file__).resolve().parent.parent / "corpus"
    questions = [row.question for row in load_golden().questions if row.language == "en" and row.kind == "answerable"]
    with tempfile.TemporaryDirectory(prefix="polycite-") as folder:
        index_folder(corpus, Path(folder), load_settings())
        for llm in ("none", "llamacpp"):
            sys.stdout.write(f"### --llm {llm}\n\n{_measure(Path(folder), llm, questions)}\n\n")


def _measure(data_dir: Path, llm: str, questions: Sequence[str]) -> str:
    started = time.perf_counter()
    with Chatbot.open(data_dir, llm=llm) as bot:
        opened = time.perf_counter() - started
        runs = [timed(bot, question) for question in questions]
        runs = [run for run in runs if run.answer.receipt.asked or llm == "none"][: QUESTIONS + 1]
        first, others = runs[0], runs[1:]
        several = [run.answer.question for run in others[:AT_ONCE]]
        in_a_row = _seconds(lambda: [bot.ask(question) for question in several])
        with ThreadPoolExecutor(AT_ONCE) as pool:
            at_once = _seconds(lambda: list(pool.map(bot.ask, several)))
    rows = [["opening (loads the embedder and the vectors)", f"{opened:.2f} s", ""]]
    for name, get in (
        ("first event", "event"),
        ("first verified quote", "quote"),
        ("first draft token", "token"),
        ("answer", "end"),
    ):
        later = [value for run in others if (value := getattr(run, get)) is not None]
        rows.append([name, _ms(getattr(first, get)), _ms(median(later) if later else None)])
    used = [run.answer.receipt.used for run in (first, others[0])]
    if used[0].prompt is not None:
        rows.append(["tokens of the prompt", *(str(usage.prompt) for usage in used)])
        rows.append(["of them not read again", *(str(usage.cached) for usage in used)])
    rows.append([f"{AT_ONCE} questions in a row, at once", f"{in_a_row:.2f} s", f"{at_once:.2f} s"])
    rows.append(["at once / in a row", "", f"{at_once / in_a_row:.2f}"])
    return table(["", "first question", f"median of {len(others)} more"], rows)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _ms(seconds: float | None) -> str:
    return "–" if seconds is None else f"{1000 * seconds:.0f} ms"


if __name__ == "__main__":
    main()
