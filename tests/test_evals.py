"""Runs of golden questions over the sample corpus: figures, resuming, comparing, and faults."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evals.compare import compare, to_text
from evals.gate import of_rows
from evals.goldenset import load_golden
from evals.judge import JUDGE_FILE
from evals.results import REPORT_FILE, RESULTS_FILE, SUMMARY_FILE, ResultRow, read_rows
from evals.run import run
from evals.scaffold import scaffold
from index import load_settings
from index.errors import ModelError, UsageError
from tests.conftest import CORPUS
from ui.cli import main

QUOTES = load_settings(llm="none")


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A golden file with a question of each kind in English, and a conversation."""
    golden = load_golden()
    rows = []
    for kind in ("answerable", "two-documents", "disagreement", "on-topic-unanswerable", "off-topic-unanswerable"):
        rows += [row for row in golden.questions if row.kind == kind and row.language == "en"][:2]
    path = tmp_path_factory.mktemp("golden") / "few.jsonl"
    lines = [row.model_dump_json() for row in (*rows, golden.conversations[0])]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def finished(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "out"
    run(CORPUS, out, QUOTES, golden=few)
    return out


def unchanging(rows: list[ResultRow]) -> list[ResultRow]:
    return [row.model_copy(update={"seconds": {}}) for row in rows]


def test_a_run_leaves_rows_summary_and_report(few: Path, finished: Path) -> None:
    rows = read_rows(finished)
    turns = len(load_golden(few).conversations[0].turns)
    assert len(rows) == 10 + turns
    assert all(row.error is None for row in rows)
    assert all(citation.exact for row in rows for citation in row.citations)
    summary = json.loads((finished / SUMMARY_FILE).read_text(encoding="utf-8"))
    assert summary["figures"]["recall@5"]["n"] == 6
    assert summary["figures"]["abstention_recall_off_topic"] == {
        "value": 1.0,
        "n": 2,
        "low": pytest.approx(0.342, abs=1e-3),
        "high": 1.0,
    }
    assert summary["follow_ups"]["recall@5"]["n"] <= turns - 1
    assert (finished / REPORT_FILE).read_text(encoding="utf-8").startswith("<!")


def test_the_same_inputs_give_the_same_figures(few: Path, finished: Path, tmp_path: Path) -> None:
    run(CORPUS, tmp_path / "again", QUOTES, golden=few)
    assert unchanging(read_rows(tmp_path / "again")) == unchanging(read_rows(finished))


def test_an_interrupted_run_is_resumed_and_finished_rows_are_kept(few: Path, finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def stop_at_five(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(CORPUS, out, QUOTES, golden=few, progress=stop_at_five)
    kept = read_rows(out)
    assert len(kept) == 5
    with (out / RESULTS_FILE).open("a", encoding="utf-8") as file:
        file.write('{"id": "cut off')  # as a kill leaves it
    seen: list[int] = []
    run(CORPUS, out, QUOTES, golden=few, progress=lambda done, total: seen.append(done))
    assert seen[0] == 5
    assert read_rows(out)[:5] == kept  # the very rows, times included
    assert unchanging(read_rows(out)) == unchanging(read_rows(finished))


def test_a_judge_is_asked_and_kept_apart(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (finished / SUMMARY_FILE).read_bytes()
    assert main(["eval", "judge", str(finished), "--limit", "1"]) == 0
    assert "judged_faithful" in capsys.readouterr().out
    opinion = json.loads((finished / JUDGE_FILE).read_text(encoding="utf-8"))
    assert opinion["judge"] == "SmolLM2-135M-Instruct"
    assert opinion["judged_relevant"]["n"] == 1
    assert (finished / SUMMARY_FILE).read_bytes() == before


def test_a_folder_with_another_run_is_left_alone(finished: Path, few: Path) -> None:
    before = (finished / RESULTS_FILE).read_bytes()
    with pytest.raises(UsageError, match="holds a run with other split, golden"):
        run(CORPUS, finished, QUOTES, golden=few, split="report")
    assert (finished / RESULTS_FILE).read_bytes() == before


def test_two_runs_are_compared_by_question(finished: Path) -> None:
    before = of_rows(read_rows(finished))
    assert to_text(compare(before, before)) == "No question changed its outcome."
    worse = {key: dict.fromkeys(outcome, False) for key, outcome in before.items()}
    change = next(change for change in compare(before, worse) if change.name == "recall@5")
    assert change.worse
    assert not change.better
    assert change.worse[0] in to_text(compare(before, worse))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        ("{}", "line 1"),
        ("nonsense", "line 1: not JSON"),
        ("", "line 1"),
    ],
)
def test_a_bad_golden_file_is_one_line(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "golden.jsonl"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=words) as caught:
        run(CORPUS, tmp_path / "out", QUOTES, golden=path)
    assert "\n" not in str(caught.value)


def test_an_unknown_document_a_wrong_quote_and_an_empty_split(few: Path, tmp_path: Path) -> None:
    row = json.loads(few.read_text(encoding="utf-8").splitlines()[0])
    row["passages"] = row["passages"][:1]
    row["documents"] = [row["passages"][0]["document"]]
    golden = tmp_path / "golden.jsonl"
    golden.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no question has the split 'nothing'"):
        run(CORPUS, tmp_path / "out", QUOTES, golden=golden, split="nothing")
    row["passages"][0]["quote"] = "these words are nowhere"
    golden.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=f"{row['id']}: the quote is not in"):
        run(CORPUS, tmp_path / "out", QUOTES, golden=golden)
    row["documents"] = ["none.txt"]
    row["passages"][0]["document"] = "none.txt"
    golden.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"'none\.txt' is not in the corpus"):
        run(CORPUS, tmp_path / "out", QUOTES, golden=golden)


def test_a_full_disk_is_one_line_and_finished_rows_are_kept(few: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    code = (
        "import sys; from pathlib import Path; from evals.run import run; from index import load_settings\n"
        "def fill(done, total):\n"
        "    if done == 3:\n"
        "        try:\n"
        "            Path('filler').write_bytes(bytes(4_000_000))\n"
        "        except OSError: pass\n"
        "        with open('filler2', 'wb', buffering=0) as f:\n"
        "            try:\n"
        "                while f.write(bytes(100)): pass\n"
        "            except OSError: pass\n"
        "try: run(Path(sys.argv[1]), Path('out'), load_settings(llm='none'), golden=Path(sys.argv[2]), progress=fill)\n"
        "except Exception as error: sys.exit(f'{type(error).__name__}: {error}')"
    )
    script = (
        'mount -t tmpfs -o size=4m none "$1" && cd "$1" && shift && "$@"; code=$?; cat out/results.jsonl; exit $code'
    )
    command = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        script,
        "sh",
        str(out),
        sys.executable,
        "-c",
        code,
        str(CORPUS),
        str(few),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.stderr.startswith(("unshare:", "mount:")):
        pytest.skip(f"no small disk can be made here: {done.stderr.strip()}")
    assert done.returncode == 1
    assert done.stderr.startswith("DataDirError: ")
    assert "No space left" in done.stderr
    assert done.stderr.strip().count("\n") == 0
    kept = [line for line in done.stdout.splitlines() if line.endswith("}")]
    assert len(kept) >= 3


def test_a_model_that_fails_again_and_again_ends_the_run_and_finished_rows_are_kept(tmp_path: Path) -> None:
    rows = [
        row for row in load_golden().questions if row.language == "en" and "003_f03269b3951d46b0.txt" in row.documents
    ]
    golden = tmp_path / "english.jsonl"
    golden.write_text("".join(row.model_dump_json() + "\n" for row in rows), encoding="utf-8")
    out = tmp_path / "out"
    with pytest.raises(ModelError, match="finished rows are kept") as caught:
        run(CORPUS, out, load_settings(model_timeout=0.05), golden=golden)
    assert "\n" not in str(caught.value)
    kept = read_rows(out)
    assert sum(row.error is not None for row in kept) >= 3
    assert 3 <= len(kept) < len(rows)


def test_a_golden_file_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "abejas.txt").write_text("En verano viven unas 40.000 abejas en una colmena.\n", encoding="utf-8")
    assert main(["eval", "init", str(docs)]) == 0
    assert "2 rows" in capsys.readouterr().out
    path = tmp_path / "docs.golden.jsonl"
    assert len(load_golden(path).questions) == 2
    with pytest.raises(UsageError, match="exists already"):
        scaffold(docs, path)
    out = ["--out", str(tmp_path / "out")]
    assert main(["eval", "--corpus", str(docs), "--golden", str(path), "--llm", "none", *out]) == 0
    printed = capsys.readouterr().out
    assert "recall@5" in printed
    assert "0 errors" in printed
    assert main(["eval", "compare", str(tmp_path / "out"), str(tmp_path / "out")]) == 0
    assert main(["eval", "compare", str(tmp_path / "out"), str(tmp_path)]) == 2
