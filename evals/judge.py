"""A language model's opinion of the answers of a run, by LlamaIndex's evaluators; kept apart from every other figure.

Faithfulness asks the judge whether the answer is supported by its quotes, relevancy whether answer and quotes fit the
question (llama_index.core.evaluation). A judge is a model and errs as one: polycite's own figures never depend on it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from evals.results import Figure, ResultRow, read_rows
from evals.summary import rate
from index.errors import UsageError
from qa.gguf import BUNDLED, bundled_model
from qa.llamacpp import LlamaCppServer

if TYPE_CHECKING:
    from llama_index.core.evaluation import BaseEvaluator

JUDGE_FILE = "judge.json"
WINDOW = 4096
MAX_TOKENS = 16  # the evaluators ask for YES or NO
START_SECONDS = 120.0

Progress = Callable[[int, int], None]


def judge(run: Path, model: str | None, limit: int | None, progress: Progress) -> dict[str, Figure]:
    """Ask a GGUF model (default: the bundled one) about each answer of a run; writes judge.json into its folder.

    Raises:
        UsageError: the folder holds no answers.
        ModelError: the model cannot be started, or fails.
    """
    rows = [row for row in read_rows(run) if row.error is None and row.sentences][:limit]
    if not rows:
        raise UsageError(f"no answers in {run}; give the folder of a run ('polycite eval' prints it)")
    path = Path(model) if model else bundled_model() or Path(BUNDLED.file)
    with LlamaCppServer.start(path, WINDOW, START_SECONDS) as server:
        evaluators = _evaluators(server)
        opinions: dict[str, list[bool]] = {name: [] for name in evaluators}
        for done, row in enumerate(rows):
            progress(done, len(rows))
            for name, evaluator in evaluators.items():
                opinions[name].append(_passes(evaluator, row))
        progress(len(rows), len(rows))
        figures = {name: rate(values) for name, values in opinions.items()}
        content = {"judge": server.alias} | {name: figure.model_dump() for name, figure in figures.items()}
    (run / JUDGE_FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return figures


def _evaluators(server: LlamaCppServer) -> dict[str, BaseEvaluator]:
    from llama_index.core.evaluation import FaithfulnessEvaluator, RelevancyEvaluator

    llm = server.llm(max_tokens=MAX_TOKENS, timeout=START_SECONDS)
    return {"judged_faithful": FaithfulnessEvaluator(llm=llm), "judged_relevant": RelevancyEvaluator(llm=llm)}


def _passes(evaluator: BaseEvaluator, row: ResultRow) -> bool:
    response = " ".join(sentence.text for sentence in row.sentences)
    quotes = [item.quote for item in row.citations]
    # asyncio.run closes its event loop; the evaluator's own evaluate() leaves one open.
    result = asyncio.run(evaluator.aevaluate(query=row.question, response=response, contexts=quotes))
    return bool(result.passing)
