"""The gate is green as things are, and red for each fault that it must see; each fault is planted here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import index.publish
import index.space
import qa.chatbot
import qa.quotes
from evals.gate import SPLIT, baseline_path, floors, judge, read_baseline
from evals.goldenset import load_golden
from evals.results import RESULTS_FILE, read_rows
from evals.run import run
from index import load_settings
from index.types import FloatArray
from qa import Citation
from qa.quotes import Quote
from qa.verify import Outcome, Verifier
from tests.conftest import CORPUS


def red_lines(out: Path, llm: str = "none", golden: Path | None = None) -> list[str]:
    """What the gate says of the state as it is; the index in ``out`` is used again, its rows are not."""
    (out / RESULTS_FILE).unlink(missing_ok=True)
    summary = run(CORPUS, out, load_settings(llm=llm), golden=golden, split=SPLIT)
    return judge(summary, read_rows(out), read_baseline(baseline_path()))[0]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gate")


def test_it_is_green_without_a_fault(out: Path) -> None:
    assert red_lines(out) == []


def test_citations_shifted_by_one(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def shifted(number: int, source: str, start: int, end: int, quote: str, language: str) -> Citation:
        return Citation(number, source, start + 1, end + 1, quote, language)

    monkeypatch.setattr(qa.quotes, "Citation", shifted)
    assert any(line.startswith("exact_offsets is 0.000") for line in red_lines(out))


def test_abstention_off(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qa.chatbot, "is_weak", lambda evidence: False)
    assert any(line.startswith("abstention_recall_off_topic is 0.000") for line in red_lines(out))


def test_projection_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def plain(vectors: FloatArray, basis: FloatArray) -> FloatArray:
        unit: FloatArray = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
        return unit

    monkeypatch.setattr(index.space, "neutral", plain)
    monkeypatch.setattr(index.publish, "neutral", plain)
    red = red_lines(tmp_path)
    assert any(line.startswith("recall@5 is") for line in red)
    assert any(line.startswith("recall@5 got worse on") for line in red)


def test_a_check_that_always_says_yes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On questions in English, the only ones that the model is asked."""
    rows = [row for row in load_golden().questions if row.language == "en"]
    golden = tmp_path / "english.jsonl"
    golden.write_text("".join(row.model_dump_json() + "\n" for row in rows), encoding="utf-8")

    def truth(red: list[str]) -> list[str]:
        return [line for line in red if line.startswith("sentences_true")]

    assert truth(red_lines(tmp_path / "out", "llamacpp", golden)) == []

    def yes(verifier: Verifier, sentence: str, language: str, among: Sequence[Quote] | None = None) -> Outcome:
        return Outcome(among[0] if among else None)

    monkeypatch.setattr(Verifier, "check", yes)
    assert truth(red_lines(tmp_path / "out", "llamacpp", golden))


def test_every_floor_is_of_a_figure_that_can_fall(out: Path) -> None:
    assert floors()
    assert all(0 < floor <= 1 for floor in floors().values())
