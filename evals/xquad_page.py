"""XQuAD's figures as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evals.results import Figure
from evals.summary import BUDGETS
from evals.tables import cell, share, table
from evals.xquad_report import SLICES, DrawReport, XquadReport

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
        f"the whole answer there. *Held out*: the weights of the ranking were chosen on other paragraphs. MRR is over "
        f"{meta['k']} results; *within N*: among the results that fit, in their "
        "order, into N tokens of the embedder. In brackets: 95% Wilson intervals, which take the questions as "
        "independent (one question in several languages is not quite).",
    ]
    for draw in report.draws:
        parts += _draw_markdown(draw)
    if len(report.draws) > 1:
        parts += ["### Mean of the draws (lowest to highest)", _mean_table(report.draws)]
    parts.append(
        "EM and F1 (SQuAD's) are of the first cited quote against XQuAD's short answer, the better of the "
        "question's and the paragraph's language. A quote is one or two whole sentences, scored against a span of a "
        "few words, so EM is next to 0 and F1 low even where the quote is right; *quote holds answer* says whether it "
        "is. A question that was not answered counts as 0. *worded*: the model's own first sentence, where it stood "
        "the check, with an n of its own."
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
