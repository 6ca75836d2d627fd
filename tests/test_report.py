"""The report of a run: what it says, that it escapes, and that it loads nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from evals import svg
from evals.report import page, write_report
from evals.report_failures import KINDS, excerpt, failure_groups
from evals.report_figures import confidence_plot, figure_groups, group_of, heat_maps, label, panels, value_text
from evals.results import (
    REPORT_FILE,
    CitedWords,
    Figure,
    FoundChunk,
    ResultRow,
    ShownSentence,
    Summary,
    SupportingPassage,
)

NASTY = '<script>alert("1")</script><img src=x onerror=alert(2)>\'"&'
DOCUMENT = "Meta 希望在今年年底前擁有35萬塊H100。 The company said so on Thursday. " + "More of the same. " * 30
VOID = {"meta", "input", "br", "hr", "img", "link"}


def rate(value: float, n: int = 40) -> Figure:
    return Figure(value=value, n=n, low=max(0.0, value - 0.1), high=min(1.0, value + 0.08))


def chunk(*, relevant: bool = True, text: str = DOCUMENT, source: str = "news/meta.txt") -> FoundChunk:
    return FoundChunk(
        source=source,
        language="zh-Hant",
        start=100,
        end=100 + len(text),
        text=text,
        score=0.71,
        tokens=90,
        relevant=relevant,
    )


def citation(*, exact: bool = True) -> CitedWords:
    return CitedWords(
        number=1,
        source="news/meta.txt",
        start=100,
        end=125,
        quote=DOCUMENT[:25],
        language="zh-Hant",
        exact=exact,
        golden=True,
    )


def sentence(text: str = "Meta wants 350,000 H100.", *, true: bool = True, quoted: bool = False) -> ShownSentence:
    return ShownSentence(text=text, citations=(1,), quoted=quoted, checked=true, true=true, answers=True)


def row(name: str, **changes: object) -> ResultRow:
    """A question found, answered and cited as it should be, but for the changes."""
    good = ResultRow(
        id=name,
        turn=0,
        language="en",
        kind="answerable",
        fact="h100/count",
        split="report",
        question=f"How many H100 GPUs does Meta want? ({name})",
        golden_answers=(("350,000", "35萬"),),
        golden_passages=(
            SupportingPassage(source="news/meta.txt", language="zh-Hant", start=100, end=124, text=DOCUMENT[:24]),
        ),
        evidence=(chunk(), chunk(relevant=False, source="news/other.txt")),
        confidence=0.62,
        answer="Meta wants 350,000 H100.",
        model="tiny-instruct",
        model_asked=True,
        planned_tokens=1234,
        sentences=(sentence(),),
        citations=(citation(),),
        correct=True,
        seconds={"first_event": 0.012, "first_sentence": 0.3, "total": 1.25},
    )
    return good.model_copy(update=changes)


UNANSWERABLE = {
    "kind": "on-topic-unanswerable",
    "golden_answers": (),
    "golden_passages": (),
    "evidence": (chunk(relevant=False),),
}
ABSTAINED = {"abstained": True, "sentences": (), "citations": (), "correct": False, "answer": ""}
ROWS = [
    row("good"),
    row("good-de", language="de", confidence=0.7),
    row("abstained-well", **UNANSWERABLE, **ABSTAINED, confidence=0.2),
    row("failed", error="the model stopped answering", evidence=(), sentences=(), citations=(), seconds={}),
    row("missed", evidence=(*[chunk(relevant=False)] * 6, chunk()), correct=False),
    row("wrong", language="zh-Hans", correct=False, withheld=(("Meta wants 5 GPUs.", "number not in the quote"),)),
    row("overreach", **UNANSWERABLE),
    row("silent", **ABSTAINED),
    row("inexact", citations=(citation(exact=False),)),
    row("untrue", sentences=(sentence("Meta is a bank.", true=False),), turn=2),
]
FIGURES = {
    "seconds_total_p50": Figure(value=1.25, n=9),
    "recall@5": rate(0.875),
    "answer_correct": rate(0.6),
    "abstention_recall_off_topic": rate(1.0, 4),
    "consistency_all_right": Figure(value=0.5, n=8),
    "something_new": Figure(value=0.25, n=3),
}
SUMMARY = Summary(
    meta={
        "date": "2026-03-01",
        "machine": "a machine",
        "model": "tiny-instruct",
        "command": "polycite eval --split report",
    },
    figures=FIGURES,
    by_language={"en": {"recall@5": rate(0.9, 20)}, "zh-Hans": {"recall@5": rate(0.8, 20)}},
    by_kind={"answerable": {"answer_correct": rate(0.6)}},
    matrix={"recall@5": {"en": {"en": rate(1.0, 7), "fr": rate(0.5, 6)}, "fr": {"en": rate(0.2, 5)}}},
    follow_ups={"recall@5": rate(0.7, 10)},
    errors=1,
)


class Reader(HTMLParser):
    """Reads a page strictly: every element is closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.words.append(data)


def read(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture
def report(tmp_path: Path) -> Reader:
    return read(write_report(tmp_path, SUMMARY, ROWS))


def test_the_report_lies_beside_the_rows(tmp_path: Path) -> None:
    assert write_report(tmp_path, SUMMARY, ROWS) == tmp_path / REPORT_FILE


def test_the_page_tells_how_it_was_made_and_what_came_of_it(report: Reader) -> None:
    text = " ".join(" ".join(report.words).split())
    for words in (
        "polycite eval --split report",
        "a machine",
        "2026-03-01",
        "Something new",
        "87.5%",
        "1.25 s",
        "77.5–95.5",
    ):
        assert words in text
    assert "9 Questions" in text
    assert "1 Errors counted apart" in text
    assert text.index("polycite eval --split") < text.index("tiny-instruct") < text.index("a machine")


def test_every_language_is_named_to_the_browser(report: Reader) -> None:
    languages = {attributes["lang"] for _, attributes in report.tags if "lang" in attributes}
    assert languages == {"en", "zh-Hans", "zh-Hant"}


def test_the_page_loads_nothing(tmp_path: Path, report: Reader) -> None:
    text = write_report(tmp_path, SUMMARY, ROWS).read_text(encoding="utf-8")
    assert not re.search(r"https?://|url\(|@import|//[a-z]", text)
    assert not any("src" in attributes or "style" in attributes for _, attributes in report.tags)
    assert all((attributes.get("href") or "#").startswith("#") for _, attributes in report.tags)
    assert "default-src 'none'" in text


def test_links_lead_to_places_in_the_page(report: Reader) -> None:
    places = [attributes["id"] for _, attributes in report.tags if "id" in attributes]
    assert len(places) == len(set(places))
    assert {(attributes["href"] or "")[1:] for _, attributes in report.tags if "href" in attributes} <= set(places)


def nasty_row() -> ResultRow:
    """A row whose every text is markup."""
    return ResultRow(
        id=NASTY,
        turn=1,
        language=NASTY,
        kind=NASTY,
        fact=NASTY,
        split=NASTY,
        question=NASTY,
        golden_answers=((NASTY, NASTY),),
        golden_passages=(SupportingPassage(source=NASTY, language=NASTY, start=0, end=9, text=NASTY),),
        evidence=(chunk(text=NASTY, source=NASTY).model_copy(update={"language": NASTY}),),
        answer=NASTY,
        model=NASTY,
        model_asked=True,
        sentences=(sentence(NASTY, true=False), sentence(NASTY, quoted=True)),
        citations=(citation(exact=False).model_copy(update={"source": NASTY, "quote": NASTY, "language": NASTY}),),
        withheld=((NASTY, NASTY),),
        seconds={NASTY: 1.0, "total": 1.0},
    )


def test_nothing_from_documents_or_questions_is_markup(tmp_path: Path) -> None:
    figures = {NASTY: rate(0.5)}
    summary = Summary(
        meta={NASTY: NASTY, "command": NASTY},
        figures=figures,
        by_language={NASTY: figures},
        by_kind={NASTY: figures},
        matrix={NASTY: {NASTY: figures}},
        follow_ups=figures,
        errors=0,
    )
    rows = [nasty_row(), nasty_row().model_copy(update={"error": NASTY})]
    rows.append(nasty_row().model_copy(update={"sentences": (), "turn": 0}))
    reader = read(write_report(tmp_path, summary, rows))
    assert [tag for tag, _ in reader.tags].count("script") == 1
    assert "img" not in {tag for tag, _ in reader.tags}
    assert not any(name.startswith("on") for _, attributes in reader.tags for name in attributes)
    assert "".join(reader.words).count(NASTY) > 30


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("failed", "error"),
        ("missed", "missed"),
        ("wrong", "wrong"),
        ("overreach", "overreach"),
        ("silent", "silent"),
        ("inexact", "inexact"),
        ("untrue", "untrue"),
    ],
)
def test_each_failure_stands_in_its_group(name: str, key: str) -> None:
    groups = {group.kind.key: [failure.row.id for failure in group.shown] for group in failure_groups(ROWS)}
    assert groups[key] == [name]


def test_what_is_right_is_no_failure() -> None:
    groups = failure_groups(ROWS[:3])
    assert [group.kind for group in groups] == list(KINDS)
    assert not any(group.total for group in groups)


def test_a_question_is_shown_once_and_named_where_else_it_went_wrong() -> None:
    groups = failure_groups([row("both", correct=False, citations=(citation(exact=False),))])
    assert [(group.kind.key, len(group.shown), len(group.elsewhere)) for group in groups if group.total] == [
        ("wrong", 1, 0),
        ("inexact", 0, 1),
    ]


def test_an_error_leaves_nothing_else_to_judge() -> None:
    groups = failure_groups([row("failed", error="no model", evidence=())])
    assert groups[0].shown[0].facts == ("failed", "h100/count", "tiny-instruct, 1,234 tokens planned", "1.25 s")
    assert [group.kind.key for group in groups if group.total] == ["error"]


def test_a_case_says_where_the_passage_was_found_late(report: Reader) -> None:
    assert "a supporting chunk stands at rank 7" in "".join(report.words)
    assert "number not in the quote" in "".join(report.words)


def test_an_excerpt_marks_what_is_cited_and_golden_and_leaves_out_the_rest() -> None:
    pieces = excerpt(chunk(), [citation()], ROWS[0].golden_passages)
    assert [(piece.text, piece.cited, piece.golden) for piece in pieces[:2]] == [
        (DOCUMENT[:24], True, True),
        (DOCUMENT[24:25], True, False),
    ]
    assert pieces[-1].gap
    assert "".join(piece.text for piece in pieces[:-1]) == DOCUMENT[: sum(len(piece.text) for piece in pieces)]


def test_an_excerpt_holds_a_passage_that_sticks_out_of_its_chunk() -> None:
    passage = SupportingPassage(source="news/meta.txt", language="en", start=0, end=9999, text="…")
    assert [piece.text for piece in excerpt(chunk(), [], [passage])] == [DOCUMENT]


@pytest.mark.parametrize(
    ("name", "words", "group"),
    [
        ("recall@5", "Recall at 5", "Retrieval"),
        ("recall_within_512_tokens", "Recall within 512 tokens", "Retrieval"),
        ("mrr", "MRR", "Retrieval"),
        ("answer_correct", "Answer correct", "Answers"),
        ("token_f1", "Token F1", "Answers"),
        ("exact_offsets", "Exact offsets", "Citations"),
        ("abstention_recall_off_topic", "Abstention recall, off topic", "Abstention"),
        ("consistency_all_right", "Consistency all right", "Consistency"),
        ("seconds_first_event_p50", "First event, median", "Time and tokens"),
        ("planned_tokens_per_question", "Planned tokens per question", "Time and tokens"),
        ("zebra_stripes", "Zebra stripes", "Other"),
    ],
)
def test_names_of_figures_in_words(name: str, words: str, group: str) -> None:
    assert (label(name), group_of(name)) == (words, group)


@pytest.mark.parametrize(
    ("name", "figure", "text"),
    [
        ("recall@5", rate(0.875), "87.5%"),
        ("consistency_all_right", Figure(value=0.5, n=8), "50.0%"),
        ("mrr", Figure(value=0.5, n=8), "0.500"),
        ("seconds_total_p50", Figure(value=0.0163, n=8), "16 ms"),
        ("seconds_total_p50", Figure(value=12.34, n=8), "12.3 s"),
        ("planned_tokens_per_question", Figure(value=1234.5, n=8), "1,234"),
        ("zebras", Figure(value=12.0, n=8), "12"),
    ],
)
def test_values_in_words(name: str, figure: Figure, text: str) -> None:
    assert value_text(name, figure) == text


def test_groups_come_in_a_fixed_order_and_only_rates_have_a_whisker() -> None:
    groups = figure_groups(FIGURES)
    assert [group.title for group in groups] == [
        "Retrieval",
        "Answers",
        "Abstention",
        "Consistency",
        "Time and tokens",
        "Other",
    ]
    whiskers = {line.label: "whisker" in (line.drawing or "") for group in groups for line in group.rows}
    assert [name for name, has in whiskers.items() if has] == [
        "Recall at 5",
        "Answer correct",
        "Abstention recall, off topic",
    ]


def test_a_heat_map_has_a_hole_where_nothing_was_asked() -> None:
    (found,) = heat_maps(SUMMARY)
    assert found.columns == ("English", "French")
    cells = [[cell and (cell.text, cell.n, cell.step, cell.own) for cell in line.cells] for line in found.rows]
    assert cells == [[("100%", 7, 7, True), ("50%", 6, 2, False)], [("20%", 5, 0, False), None]]


def test_a_panel_leaves_out_what_has_no_figure() -> None:
    found = {panel.label: [line.label for line in panel.rows] for panel in panels(SUMMARY.by_kind, FIGURES)}
    assert found == {"Answer correct": ["answerable"]}


def test_a_scale_has_round_ends_and_counts_them_in() -> None:
    scale = svg.even_scale([0.13, 0.78])
    assert (scale.low, round(scale.high, 9), scale.step) == (0.0, 0.8, 0.2)
    assert scale.counts([0.0, 0.1, 0.8], 4) == [2, 0, 0, 1]
    assert svg.even_scale([3.0]).low < svg.even_scale([3.0]).high
    assert svg.log_scale([0.012, 3.0]).ticks() == [0.01, 0.1, 1.0, 10.0]
    assert svg.log_scale([0.0]).counts([0.0], 2) == [1, 0]


def test_confidence_of_one_side_only() -> None:
    plot = confidence_plot(ROWS[:1])
    assert plot is not None
    assert plot.text == "1 answerable questions above the line, 0 unanswerable ones below it"


def test_a_run_without_rows_or_figures(tmp_path: Path) -> None:
    summary = Summary(meta={}, figures={}, by_language={}, by_kind={}, matrix={}, follow_ups={}, errors=0)
    assert "Nothing did." in "".join(read(write_report(tmp_path, summary, [])).words)


def test_a_run_of_errors_alone(tmp_path: Path) -> None:
    summary = Summary(meta={}, figures={}, by_language={}, by_kind={}, matrix={}, follow_ups={}, errors=1)
    assert "the model stopped answering" in "".join(read(write_report(tmp_path, summary, [ROWS[3]])).words)


def test_a_report_of_500_questions_stays_small(tmp_path: Path) -> None:
    rows = [row(f"{i}", correct=i % 2 == 0, evidence=(chunk(),) * 20) for i in range(500)]
    assert page(SUMMARY, rows).failed == 250
    assert write_report(tmp_path, SUMMARY, rows).stat().st_size < 2_000_000
