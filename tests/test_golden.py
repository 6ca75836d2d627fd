"""The golden set holds what it promises, and a wrong row is named by file and line."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from evals.goldenset import Conversation, GoldenQuestion, GoldenTurn, Passage, holds, load_golden, split_of
from evals.jsonl import Language
from index.errors import UsageError
from tests.conftest import CORPUS, ROOT, SEEDS

GOLDEN = load_golden()
LANGUAGES: tuple[Language, ...] = ("en", "de", "fr", "zh-Hans", "zh-Hant")
DOCUMENTS = sorted(path.name for path in CORPUS.glob("*.txt"))
KINDS = {"answerable", "two-documents", "disagreement", "on-topic-unanswerable", "off-topic-unanswerable"}
TURNS: list[GoldenTurn] = [*GOLDEN.questions, *(turn for talk in GOLDEN.conversations for turn in talk.turns)]
ROWS: list[GoldenQuestion | Conversation] = [*GOLDEN.questions, *GOLDEN.conversations]
PASSAGES = sorted({passage for turn in TURNS for passage in turn.passages}, key=repr)
needs_seeds = pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed texts are not beside the repository")


def read(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


# -- What the set holds ------------------------------------------------------------------------------------------------


def test_rows_of_each_language() -> None:
    assert len(ROWS) >= 260
    languages = Counter(question.language for question in GOLDEN.questions)
    assert min(languages[language] for language in LANGUAGES) >= 45
    assert set(languages) == set(LANGUAGES)


def test_answerable_rows_of_each_pair_of_languages() -> None:
    pairs = Counter(
        (question.language, document)
        for question in GOLDEN.questions
        if question.kind == "answerable"
        for document in question.documents
    )
    assert len(pairs) == 25
    assert min(pairs.values()) >= 7


def test_unanswerable_rows() -> None:
    rows = [question for question in GOLDEN.questions if not question.answerable]
    assert len(rows) >= 55
    for kind in ("on-topic-unanswerable", "off-topic-unanswerable"):
        languages = Counter(question.language for question in rows if question.kind == kind)
        assert languages.total() >= 28
        assert min(languages[language] for language in LANGUAGES) >= 6


def test_rows_that_need_two_documents_or_show_a_disagreement() -> None:
    rows = [question for question in GOLDEN.questions if question.kind in ("two-documents", "disagreement")]
    assert len(rows) >= 25
    assert all(len(question.documents) >= 2 for question in rows)
    assert {question.kind for question in rows} == {"two-documents", "disagreement"}


def test_conversations() -> None:
    assert len(GOLDEN.conversations) >= 15
    assert {talk.language for talk in GOLDEN.conversations} == set(LANGUAGES)
    assert all(2 <= len(talk.turns) <= 4 for talk in GOLDEN.conversations)


def test_facts_asked_in_all_five_languages() -> None:
    languages = defaultdict(set)
    for question in GOLDEN.questions:
        languages[question.fact].add(question.language)
    assert sum(len(asked) == 5 for asked in languages.values()) >= 22


def test_no_fact_is_on_both_sides_of_the_split() -> None:
    for row in ROWS:
        for turn in row.turns if isinstance(row, Conversation) else [row]:
            assert split_of(turn.fact) == row.split, row.id


def test_each_side_of_the_split_holds_every_kind_and_language() -> None:
    for side in ("tune", "report"):
        rows = [question for question in GOLDEN.questions if question.split == side]
        assert {(question.answerable, question.language) for question in rows} == {
            (answerable, language) for answerable in (True, False) for language in LANGUAGES
        }
        assert {question.kind for question in rows} == KINDS
        assert {talk.language for talk in GOLDEN.conversations if talk.split == side} == set(LANGUAGES)
    assert 0.35 <= sum(row.split == "tune" for row in ROWS) / len(ROWS) <= 0.45


def test_the_same_fact_has_the_same_answer_everywhere() -> None:
    answers = defaultdict(set)
    for turn in TURNS:
        answers[turn.fact].add((turn.kind, turn.answers, turn.passages))
    assert {fact for fact, found in answers.items() if len(found) > 1} == set()


def test_no_question_is_asked_twice() -> None:
    assert len({(question.language, question.question) for question in GOLDEN.questions}) == len(GOLDEN.questions)


@pytest.mark.parametrize(("language", "encoding"), [("zh-Hans", "gb2312"), ("zh-Hant", "big5")])
def test_chinese_questions_keep_to_their_script(language: str, encoding: str) -> None:
    for row in ROWS:
        if row.language == language:
            for turn in row.turns if isinstance(row, Conversation) else [row]:
                turn.question.encode(encoding)


def test_files_are_sorted_and_written_as_text() -> None:
    for path in sorted((ROOT / "evals" / "golden").glob("*.jsonl")):
        lines = read(path).splitlines()
        assert [json.dumps(json.loads(line), ensure_ascii=False) for line in lines] == lines
        ids = [json.loads(line)["id"] for line in lines]
        assert ids == sorted(ids)


# -- What the rows refer to --------------------------------------------------------------------------------------------


def test_every_quote_is_once_in_the_corpus() -> None:
    texts = {name: read(CORPUS / name) for name in DOCUMENTS}
    assert {passage.document for passage in PASSAGES} == set(DOCUMENTS)
    assert [passage for passage in PASSAGES if texts[passage.document].count(passage.quote) != 1] == []


def test_every_answer_is_in_the_corpus_passages() -> None:
    check_answers({passage: passage.quote for passage in PASSAGES})


@needs_seeds
def test_seeds_are_the_ones_that_were_read() -> None:
    hashes = {name: hashlib.sha256((SEEDS / name).read_bytes()).hexdigest() for name in DOCUMENTS}
    assert {(passage.document, passage.seed_sha256) for passage in PASSAGES} == set(hashes.items())


@needs_seeds
def test_every_answer_is_in_the_seed_passages() -> None:
    texts = {name: read(SEEDS / name) for name in DOCUMENTS}
    assert all((passage.seed_end or 0) <= len(texts[passage.document]) for passage in PASSAGES)
    check_answers({passage: texts[passage.document][passage.seed_start : passage.seed_end] for passage in PASSAGES})


def check_answers(texts: dict[Passage, str]) -> None:
    """Each passage alone has an answerable row's whole answer; several together, and none alone, have another's."""
    for turn in TURNS:
        found = [[holds(texts[passage], group) for group in turn.answers] for passage in turn.passages]
        if turn.kind == "answerable":
            assert all(map(all, found)), turn.fact
        elif turn.answerable:
            assert all(any(groups) and not all(groups) for groups in found), turn.fact
            assert all(map(any, zip(*found, strict=True))), turn.fact


# -- The rule by which an answer counts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["350 000 GPU", "350\u202f000 GPU", "350\u00a0000", "rund 350.000 Stück", "in 2024 350 000"]
)
def test_spaces_do_not_matter(text: str) -> None:
    assert holds(text, ("350 000", "350.000"))


@pytest.mark.parametrize(("text", "alternative"), [("2025年", "5年"), ("1299美元", "299"), ("20140", "2014")])
def test_a_number_is_not_found_inside_another(text: str, alternative: str) -> None:
    assert not holds(text, (alternative,))


def test_case_does_not_matter() -> None:
    assert holds("von NVIDIA", ("Nvidia",))


# -- Wrong rows --------------------------------------------------------------------------------------------------------


def row_with(**changes: Any) -> dict[str, Any]:
    passage = {"document": "a.txt", "quote": "Two.", "seed_start": 0, "seed_end": 4, "seed_sha256": "0" * 64}
    row = {"id": "en-001", "language": "en", "question": "How many?", "kind": "answerable", "fact": "count"}
    lists = {"answers": [["two"]], "documents": ["a.txt"], "passages": [passage]}
    return {**row, **lists, "split": "tune", **changes}


def write(path: Path, *rows: dict[str, Any] | str) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), "utf-8")
    return path


def fault(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        load_golden(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


TURN = {name: value for name, value in row_with().items() if name not in ("id", "language", "split")}
NOTHING: dict[str, Any] = {"answers": [], "documents": [], "passages": []}


def test_a_right_row_is_read(tmp_path: Path) -> None:
    golden = load_golden(write(tmp_path / "own.jsonl", row_with()))
    assert [question.id for question in golden.questions] == ["en-001"]
    with pytest.raises(ValidationError):
        golden.questions[0].id = "en-002"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (row_with(kind="maybe"), "kind: Input should be"),
        (row_with(language="English"), "language: String should match"),
        (row_with(note="?"), "note: Extra inputs are not permitted"),
        ({name: value for name, value in row_with().items() if name != "fact"}, "fact: Field required"),
        (row_with(answers=[[]]), "answers.0: "),
        (row_with(answers=[[" "]]), "answers.0.0: "),
        (row_with(answers=[]), "answers: must not be empty where the kind is answerable"),
        (row_with(documents=[], passages=[]), "documents: must not be empty where the kind is answerable"),
        (row_with(passages=[]), "passages: must not be empty where the kind is answerable"),
        (row_with(documents=["b.txt"]), "documents: must be those of the passages"),
        (row_with(kind="two-documents"), "documents: must be two or more"),
        (row_with(kind="off-topic-unanswerable"), "answers: must be empty where the kind is off-topic-unanswerable"),
        (row_with(**NOTHING), "answers: must not be empty where the kind is answerable"),
        (row_with(passages=[{**row_with()["passages"][0], "seed_end": 0}]), "passages.0: seed_end: must be greater"),
        (row_with(passages=[{**row_with()["passages"][0], "seed_start": "0"}]), "passages.0.seed_start: "),
        ("{", "not JSON: "),
        ("[]", "Input should be an object"),
        ("", "empty: expected a row of JSON"),
        ({"id": "talk", "language": "en", "turns": [TURN], "split": "tune"}, "turns: Tuple should have at least 2"),
        ({"id": "talk", "language": "en", "turns": [TURN, {**TURN, "id": "x"}], "split": "tune"}, "turns.1.id: Extra"),
        (row_with(), "id: en-001 is the id of an earlier row already"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: dict[str, Any] | str, expected: str) -> None:
    path = write(tmp_path / "own.jsonl", row_with(), row)
    assert fault(path).startswith(f"own.jsonl line 2: {expected}")


def test_an_id_may_not_return_in_another_file(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        write(tmp_path / name, row_with())
    assert fault(tmp_path).startswith("b.jsonl line 1: id: en-001")


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    assert fault(write(tmp_path / "own.jsonl")).startswith("own.jsonl line 1: empty")


def test_text_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_bytes(b'{"id": "\xff"}\n')
    assert fault(tmp_path).startswith("own.jsonl line 1: not JSON: ")


def test_a_folder_without_rows_and_a_missing_file_are_named(tmp_path: Path) -> None:
    assert fault(tmp_path) == f"{tmp_path}: no .jsonl file in this folder"
    assert fault(tmp_path / "none.jsonl") == f"{tmp_path / 'none.jsonl'}: No such file or directory"
