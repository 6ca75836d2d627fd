"""polycite beside the starter pipeline, on XQuAD in miniature: both sides in child processes, as for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.bench import main
from evals.bench_page import to_markdown
from evals.bench_report import BenchReport
from evals.bench_run import run_bench
from evals.bench_work import Task, Work, golden_tasks, holds
from index import PolyciteError
from tests.conftest import CORPUS
from tests.test_xquad import write_folder


def test_a_run_from_files_to_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))  # would send LlamaIndex to the network
    folder = write_folder(tmp_path / "xquad")
    out = tmp_path / "figures.json"
    options = ["--xquad", str(folder), "--languages", "en,de", "--rounds", "1", "--out", str(out)]
    assert main(options) == 0
    page, _ = capsys.readouterr()
    assert "| index time, s |" in page
    assert str(tmp_path) not in page

    report = BenchReport.model_validate_json(out.read_bytes())
    assert to_markdown(report) == page
    for side in (report.polycite, report.starter):
        assert side.costs["chunks"] == 6
        assert 50 < side.costs["peak memory indexing, MB"] < 4000
        assert 0 < side.costs["question p50, ms"] <= side.costs["question p95, ms"]
        assert 0 < side.costs["disk, MB"] < 20
        assert side.found["R@5"].n == 12
        assert side.found["R@5, cross-language"].n == 6
        assert side.found["within 1024 tokens"].value >= side.found["within 256 tokens"].value > 0.5


def test_the_golden_questions_on_the_sample_corpus() -> None:
    tasks = golden_tasks(CORPUS, None)
    assert len(tasks) > 100
    assert 0 < sum(task.crossing for task in tasks) < len(tasks)
    texts = {path.name: path.read_text(encoding="utf-8") for path in CORPUS.iterdir()}
    for task in tasks:
        for document, quote in task.passages:
            assert holds(task, document, texts[document])
            assert not holds(task, document, texts[document].replace(quote, quote[1:]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--folder", "nowhere"], "nowhere: no such folder; name the one with the documents by --folder"),
        (["--folder", "."], "No such file or directory; the golden questions name this document"),
        (["--xquad", "nowhere"], "nowhere: no such folder; give the one that holds xquad.en.json"),
        (["--folder", str(CORPUS), "--rounds", "0"], "--rounds 1 or more"),
    ],
)
def test_a_wrong_request_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_a_child_that_fails_is_named(tmp_path: Path) -> None:
    task = Task(question="?", passages=(), crossing=False)
    work = Work(folder=tmp_path / "gone", tasks=(task,), k=5, chunk_size=1024)
    with pytest.raises(PolyciteError, match=r"^starter could not index: .*gone"):
        run_bench(work, 1, {}, lambda what, done, total: None)
