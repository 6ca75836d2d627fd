"""The figures of a run as plain data for the report: labels, groups, heat maps and plots."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, quantiles

from markupsafe import Markup

from evals import svg
from evals.results import Figure, ResultRow, Summary

LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "pt": "Portuguese",
    "ru": "Russian",
    "zh-Hans": "Chinese (simpl.)",
    "zh-Hant": "Chinese (trad.)",
}
GROUPS = (
    ("Time and tokens", r"^seconds|(?<!\d_)tokens"),
    ("Abstention", r"abst|^answered|unanswerable"),
    ("Consistency", r"consisten|agree"),
    ("Citations", r"cit(ation|ed|e_)|quote|offset"),
    ("Retrieval", r"@\d|mrr|ndcg|retriev|evidence|recall|hit"),
    ("Answers", r"answer|correct|f1|sentence|true|model"),
)
ORDER = ("Retrieval", "Answers", "Citations", "Abstention", "Consistency", "Time and tokens", "Other")
HEADLINES = (
    "recall@5",
    "answer_correct",
    "citation_recall_golden",
    "abstention_recall_on_topic",
    "abstention_recall_off_topic",
)
WORDS = {"mrr": "MRR", "ndcg": "NDCG", "f1": "F1", "auroc": "AUROC"}
ENDINGS = {
    "_p50": ", median",
    "_p90": ", 90th percentile",
    "_p95": ", 95th percentile",
    "_p99": ", 99th percentile",
    "_mean": ", mean",
    "_golden": ", golden",
    "_checked": ", checked",
    "_off_topic": ", off topic",
    "_on_topic": ", on topic",
}
# The first pattern that is found in a figure's name explains it.
NOTES = (
    (r"^recall@", "a chunk that holds a whole supporting passage is among the first k"),
    (r"^recall_within", "such a chunk is whole within that many tokens of evidence"),
    (r"^mrr", "1 / rank of the first chunk that holds a supporting passage, averaged"),
    (r"^ndcg", "the order of the chunks, compared with the best order there could be"),
    (r"^answer_correct", "the sentences shown and the words they cite hold every part of the golden answer"),
    (r"^answered", "answerable questions that got an answer, right or wrong"),
    (r"^first_citation_correct", "the first citation alone holds every part of the golden answer"),
    (r"token_f1", "words shared with the nearest golden wording; low where whole sentences are quoted"),
    (r"^sentences_true", "sentences shown that are true by their own citations and the golden answer"),
    (r"^sentences_answer", "sentences shown that hold a part of the golden answer"),
    (r"^model_asked", "questions that went to the model"),
    (r"^model_worded", "answers shown in the model's words instead of quotations"),
    (r"^exact_offsets", "the document has exactly the quoted words at the offsets given"),
    (r"^citation_precision_golden", "citations that cover a supporting passage at least half"),
    (r"^citation_recall_golden", "answers in which at least one citation does so"),
    (r"^citation_recall_checked", "sentences shown that their citations support, by polycite's own check"),
    (r"^citation_precision_checked", "citations that their sentence needs, by the same check"),
    (r"^abstention_precision", "where it abstained, the documents hold no answer"),
    (r"^abstention_recall_off_topic", "abstained on questions about something else altogether"),
    (r"^abstention_recall_on_topic", "abstained on questions near the documents' subject that they don't answer"),
    (r"^abstention_recall", "abstained where the documents hold no answer"),
    (r"^abstention_auroc", "how well confidence tells answerable questions from others; 0.5 is chance"),
    (r"^consistency_all_right", "facts asked in every language that were answered right in all of them"),
    (r"^consistency_same_outcome", "facts asked in every language that were right in all or wrong in all"),
    (r"^seconds_first_event", "until the evidence is shown"),
    (r"^seconds_first_sentence", "until the first sentence that passed the check"),
    (r"^seconds_total", "until the answer is complete"),
    (r"^planned_tokens", "sent to the model: instructions, evidence and question; 0 where it isn't asked"),
)
# Shares that come without an interval.
SHARES = re.compile(r"^(abstention_(precision|recall)|consistency_|model_|citation_precision)")
HEAT_STEPS = (0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
TIMES = (("first_event", "First evidence"), ("first_sentence", "First sentence"), ("total", "Whole answer"))
BINS = 32


@dataclass(frozen=True)
class FigureRow:
    """A figure in words; ``drawing`` for rates only."""

    label: str
    note: str
    value: str
    n: int
    interval: str
    drawing: Markup | None


@dataclass(frozen=True)
class FigureGroup:
    """Figures of one subject."""

    title: str
    rows: tuple[FigureRow, ...]


@dataclass(frozen=True)
class HeatCell:
    """A cell of a heat map; ``step`` picks the colour; ``own`` where question and document share the language."""

    text: str
    n: int
    step: int | None
    own: bool
    interval: str


@dataclass(frozen=True)
class HeatRow:
    """One question language."""

    name: str
    cells: tuple[HeatCell | None, ...]


@dataclass(frozen=True)
class HeatMap:
    """A figure for each pair of question language and document language."""

    label: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]


@dataclass(frozen=True)
class Panel:
    """One figure, by language or by kind."""

    label: str
    overall: str
    rows: tuple[FigureRow, ...]


@dataclass(frozen=True)
class Plot:
    """A drawing with what it shows in words."""

    title: str
    text: str
    drawing: Markup


def language_name(code: str) -> str:
    """A language's name, or its code where the name is not known here."""
    return LANGUAGES.get(code, code)


def label(name: str) -> str:
    """A figure's name in words, by rule: ``seconds_total_p50`` is "Total, median"."""
    text, ending = name.removeprefix("seconds_"), ""
    while found := next((e for e in ENDINGS if text.endswith(e)), None):
        text, ending = text.removesuffix(found), ENDINGS[found] + ending
    words = [WORDS.get(word, word) for word in text.replace("@", " at ").replace("_", " ").split()]
    text = " ".join(words) + ending
    return text[:1].upper() + text[1:]


def note(name: str) -> str:
    """A line that explains a figure whose name is known, else nothing."""
    return next((text for pattern, text in NOTES if re.search(pattern, name)), "")


def group_of(name: str) -> str:
    """Which group of figures a name belongs to."""
    return next((title for title, pattern in GROUPS if re.search(pattern, name)), "Other")


def is_rate(figure: Figure) -> bool:
    """Whether a figure is a rate: those have an interval."""
    return figure.low is not None and figure.high is not None


def is_share(name: str, figure: Figure) -> bool:
    """Whether a figure reads as per cent: every rate, and a few known shares."""
    return is_rate(figure) or (SHARES.search(name) is not None and 0 <= figure.value <= 1)


def value_text(name: str, figure: Figure) -> str:
    """A value as it reads best: per cent, seconds, tokens, or a plain number."""
    value = figure.value
    if is_share(name, figure):
        return percent(value)
    if name.startswith("seconds"):
        return seconds(value)
    if "tokens" in name and value > 1:
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) < 10 and value != int(value) else f"{value:,.6g}"


def percent(value: float) -> str:
    """A share with one decimal."""
    return f"{100 * value:.1f}%"


def seconds(value: float) -> str:
    """A time with two or three digits that count."""
    return f"{1000 * value:.0f} ms" if value < 0.1 else f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def figure_groups(figures: Mapping[str, Figure]) -> tuple[FigureGroup, ...]:
    """All figures, grouped in a fixed order; within a group they keep their own."""
    rows: dict[str, list[FigureRow]] = {title: [] for title in ORDER}
    for name, figure in figures.items():
        group = rows[group_of(name)]
        repeated = any(row.note == note(name) for row in group)
        group.append(figure_row(label(name), "" if repeated else note(name), name, figure))
    return tuple(FigureGroup(title, tuple(found)) for title, found in rows.items() if found)


def figure_row(text: str, explained: str, name: str, figure: Figure, mark: float | None = None) -> FigureRow:
    """One line of a table of figures."""
    drawing = svg.bar(figure.value, figure.low, figure.high, mark) if is_share(name, figure) and figure.n else None
    return FigureRow(
        text, explained, value_text(name, figure) if figure.n else "–", figure.n, interval(figure), drawing
    )


def interval(figure: Figure) -> str:
    """The interval of a rate in per cent."""
    if figure.low is None or figure.high is None or not figure.n:
        return ""
    return f"{100 * figure.low:.1f}–{100 * figure.high:.1f}"


def headlines(figures: Mapping[str, Figure]) -> list[str]:
    """The rates that matter most, and the first rate of each group that has none of those."""
    rates = [name for name, figure in figures.items() if is_rate(figure)]
    known = [name for name in HEADLINES if name in rates]
    firsts = {group_of(name): name for name in reversed(rates)}
    others = [name for title, name in firsts.items() if title not in map(group_of, known)]
    return sorted([*known, *others], key=lambda name: ORDER.index(group_of(name)))


def heat_maps(summary: Summary) -> tuple[HeatMap, ...]:
    """A heat map for each figure of the matrix."""
    return tuple(_heat_map(name, table) for name, table in summary.matrix.items())


def _heat_map(name: str, table: Mapping[str, Mapping[str, Figure]]) -> HeatMap:
    found = {document for cells in table.values() for document in cells}
    columns = [code for code in table if code in found] + sorted(found - set(table))
    rows = tuple(
        HeatRow(language_name(code), tuple(_cell(name, cells.get(other), code == other) for other in columns))
        for code, cells in table.items()
    )
    return HeatMap(label(name), note(name), tuple(map(language_name, columns)), rows)


def _cell(name: str, figure: Figure | None, own: bool) -> HeatCell | None:
    if figure is None or not figure.n:
        return None
    text = f"{100 * figure.value:.0f}%" if is_rate(figure) else value_text(name, figure)
    step = sum(figure.value >= bound for bound in HEAT_STEPS) if 0 <= figure.value <= 1 else None
    return HeatCell(text, figure.n, step, own, interval(figure))


def heat_legend() -> list[str]:
    """What each colour of a heat map stands for."""
    bounds = [0, *(round(100 * bound) for bound in HEAT_STEPS)]
    return [
        f"< {bounds[1]}",
        *(f"{low}–{high}" for low, high in pairwise(bounds[1:])),
        f"≥ {bounds[-1]}",
    ]


def panels(by: Mapping[str, Mapping[str, Figure]], figures: Mapping[str, Figure]) -> tuple[Panel, ...]:
    """The headline figures split by language or kind, with a mark at the figure over all."""
    return tuple(panel for name in headlines(figures) if (panel := _panel(name, by, figures[name])))


def _panel(name: str, by: Mapping[str, Mapping[str, Figure]], overall: Figure) -> Panel | None:
    rows = tuple(
        figure_row(language_name(part), "", name, found[name], overall.value)
        for part, found in by.items()
        if name in found and found[name].n
    )
    return Panel(label(name), value_text(name, overall), rows) if rows else None


def confidence_plot(rows: Sequence[ResultRow]) -> Plot | None:
    """Confidence of answerable questions above the axis, of unanswerable ones below it."""
    asked = [row for row in rows if row.error is None]
    if not asked:
        return None
    scale = svg.even_scale([row.confidence for row in asked])
    above, below = (_by_outcome([row for row in asked if row.answerable is side], scale) for side in (True, False))
    classes = (("yes", "yes pale"), ("no", "no pale"))
    ticks = [f"{value:.3g}" for value in scale.ticks()]
    answerable = sum(row.answerable for row in asked)
    text = f"{answerable} answerable questions above the line, {len(asked) - answerable} unanswerable ones below it"
    return Plot("Confidence", text, svg.mirrored(above, below, classes, scale, ticks))


def _by_outcome(rows: Sequence[ResultRow], scale: svg.Scale) -> list[list[int]]:
    return [scale.counts([row.confidence for row in rows if row.abstained is gone], BINS) for gone in (False, True)]


def time_plots(rows: Sequence[ResultRow]) -> tuple[Plot, ...]:
    """How long questions took, on one axis for all times."""
    times = {
        name: [row.seconds[name] for row in rows if name in row.seconds and row.error is None] for name, _ in TIMES
    }
    every = [value for values in times.values() for value in values]
    if not every:
        return ()
    scale = svg.log_scale(every)
    return tuple(_time_plot(title, times[name], scale) for name, title in TIMES if times[name])


def _time_plot(title: str, values: Sequence[float], scale: svg.Scale) -> Plot:
    ticks = [f"{value:g} s" if value >= 1 else f"{1000 * value:g} ms" for value in scale.ticks()]
    drawing = svg.columns([scale.counts(values, 2 * BINS)], ["yes"], scale, ticks)
    late = quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
    text = f"median {seconds(median(values))} · 95% within {seconds(late)} · n {len(values)}"
    return Plot(title, text, svg.vertical(drawing, [scale.at(median(values))]))
