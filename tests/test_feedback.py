"""From a thumb to a golden row."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from evals.goldenset import load_golden
from qa import Chatbot
from tests.conftest import CORPUS
from ui.cli import main
from ui.export import markdown
from ui.feedback import FILE, save

QUESTION = "How many H100 GPUs does Meta want to secure by the end of the year?"
OTHER = "How long did William Cho talk with Zuckerberg?"


@pytest.fixture
def data_dir(tmp_path: Path, corpus_dir: Path) -> Path:
    copy = tmp_path / ".polycite"
    shutil.copytree(corpus_dir, copy)
    with Chatbot.open(copy, llm="none") as bot:
        for question in (QUESTION, OTHER):
            save(copy, bot.ask(question), "down", bot.index.fingerprint(), "wrong_quote")
    return copy


def review(data_dir: Path, place: int, reviewed: dict[str, object]) -> None:
    lines = (data_dir / FILE).read_text(encoding="utf-8").splitlines()
    lines[place] = json.dumps({**json.loads(lines[place]), "reviewed": reviewed}, ensure_ascii=False)
    (data_dir / FILE).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def test_a_reviewed_line_becomes_a_row_once(data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    golden = tmp_path / "own.jsonl"
    command = ["eval", "feedback", "--data-dir", str(data_dir), "--golden", str(golden)]
    assert main(command) == 0
    assert "0 rows added" in capsys.readouterr().out
    assert not golden.exists()
    review(data_dir, 0, {"answers": [["350,000", "350 000"]], "citations": [1]})
    assert main(command) == main(command) == 0
    printed = capsys.readouterr().out
    assert "1 rows added" in printed
    assert "0 rows added" in printed
    assert "1 questions not reviewed" in printed
    review(data_dir, 1, {"answers": []})
    assert main(command) == 0
    rows = load_golden(golden).questions
    assert [(row.question, row.kind) for row in rows] == [(QUESTION, "answerable"), (OTHER, "on-topic-unanswerable")]
    assert rows[0].passages[0].quote in (CORPUS / rows[0].documents[0]).read_text(encoding="utf-8")
    asked = ["eval", "--corpus", str(CORPUS), "--golden", str(golden), "--llm", "none", "--out", str(tmp_path / "out")]
    assert main(asked) == 0
    assert "answer_correct                     1.000  n=1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("reviewed", "message"),
    [
        ({"answers": [["350"]], "citations": [7]}, "names no citation"),
        ({"answers": "350"}, r"feedback\.jsonl line 1"),
        ({"answer": []}, r"feedback\.jsonl line 1"),
    ],
)
def test_a_wrong_review_is_named(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], reviewed: dict[str, object], message: str
) -> None:
    review(data_dir, 0, reviewed)
    golden = tmp_path / "own.jsonl"
    assert main(["eval", "feedback", "--data-dir", str(data_dir), "--golden", str(golden)]) == 2
    assert not golden.exists()
    assert re.search(message, capsys.readouterr().err)


def test_without_feedback_it_says_where_it_comes_from(
    corpus_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "feedback", "--data-dir", str(corpus_dir), "--golden", str(tmp_path / "g.jsonl")]) == 2
    assert "polycite ui" in capsys.readouterr().err


def test_a_conversation_as_markdown(corpus_dir: Path) -> None:
    with Chatbot.open(corpus_dir, llm="none") as bot:
        text = markdown([bot.ask(QUESTION), bot.ask("Is `this` *bold* <b>?")])
    assert text.startswith(f"## {QUESTION}\n")
    assert "> Meta compte" in text
    assert "[1]" in text
    assert "## Is \\`this\\` \\*bold\\* \\<b\\>?" in text
    assert markdown([]) == ""
