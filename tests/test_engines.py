"""A Chroma server and llama.cpp's HTTP server give what the embedded engines give."""

from __future__ import annotations

from evals.engines import run_engines
from tests.conftest import CORPUS


def test_the_golden_questions_have_the_same_figures_by_servers() -> None:
    engines = run_engines(CORPUS, "tune")
    assert len(engines.rows) > 100
    assert any(row.model_asked for _, row in engines.rows)
    assert engines.served.figures["answer_correct"].value > 0.5
    assert engines.differing_figures() == []
    assert engines.differing_rows() == []
