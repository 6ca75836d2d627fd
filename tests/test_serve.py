"""The page's server and its endpoints for programs, without a browser."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from gradio_client.utils import QueueError

from index.errors import UsageError
from index.types import Document
from qa import Answer, AnswerSentence, Citation, Receipt
from tests.browser import page_server
from tests.conftest import CORPUS
from tests.model_server import ModelServer
from ui import markup
from ui.programs import AT_ONCE
from ui.routes import FULL, WAITING
from ui.serve import check_address
from ui.words import Words, of_browser, tables

QUESTION = "How many H100 GPUs does Meta want to secure by the end of the year?"
TALK = "How long did William Cho talk with Zuckerberg?"


@pytest.fixture(scope="module")
def address(corpus_dir: Path) -> Iterator[str]:
    with page_server(corpus_dir, "--llm", "none") as served:
        yield served


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[Client]:
    opened = Client(address, verbose=False)
    yield opened
    opened.close()


def test_a_program_asks_searches_and_verifies(client: Client) -> None:
    answer = client.predict(QUESTION, api_name="/ask")
    citation = answer["citations"][0]
    text = (CORPUS / citation["source"]).read_text(encoding="utf-8")
    assert text[citation["start"] : citation["end"]] == citation["quote"]
    assert "350 000" in citation["quote"]
    found = client.predict(QUESTION, 3, api_name="/search")
    assert len(found["results"]) == 3
    checked = client.predict("William Cho spent nine hours with Zuckerberg.", api_name="/verify")
    assert [sentence["verdict"] for sentence in checked["sentences"]] == ["unsupported"]


def test_nothing_else_is_an_endpoint(client: Client) -> None:
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert set(endpoints) == {"/ask", "/search", "/verify"}


def test_a_program_is_told_what_is_wrong(client: Client) -> None:
    with pytest.raises(AppError, match="the question is empty"):
        client.predict("  ", api_name="/ask")


def test_whether_it_can_answer(tmp_path: Path, corpus_dir: Path) -> None:
    data_dir = tmp_path / "secret" / ".polycite"
    shutil.copytree(corpus_dir, data_dir)
    with page_server(data_dir, "--llm", "none", "--auth", "ada:secret") as address:
        healthy = httpx.get(f"{address}/healthz")
        assert (healthy.status_code, healthy.json()) == (200, {"status": "ok", "documents": 5})
        data_dir.rename(data_dir.parent / "away")
        ill = httpx.get(f"{address}/healthz")
        assert (ill.status_code, ill.json()["status"]) == (503, "unavailable")
        assert ill.json()["reason"].startswith("IndexMissingError")
        assert "secret" not in ill.text
        (data_dir.parent / "away").rename(data_dir)
        assert httpx.get(f"{address}/healthz").status_code == 200


def test_what_finds_no_place_in_the_queue_is_told_so_and_health_is_quick_meanwhile(corpus_dir: Path) -> None:
    def ask(address: str) -> httpx.Response:
        body = {"data": [TALK, False]}
        return httpx.post(f"{address}/gradio_api/call/ask", json=body, timeout=60)

    with ModelServer(["William Cho talked with Zuckerberg for two hours."], "stall") as server:
        options = ("--llm", "openai", "--model", "m", "--base-url", f"{server.address}/v1")
        with page_server(corpus_dir, *options) as address, ThreadPoolExecutor(8) as pool:
            begun = list(pool.map(ask, [address] * AT_ONCE))
            while len(server.requests) < AT_ONCE:  # all of them wait for the model
                time.sleep(0.05)
            waiting = list(pool.map(ask, [address] * WAITING))
            refused = ask(address)
            started = time.monotonic()
            assert httpx.get(f"{address}/healthz").status_code == 200
            assert time.monotonic() - started < 1
            assert [asked.status_code for asked in begun + waiting] == [200] * (AT_ONCE + WAITING)
            assert (refused.status_code, refused.json()["detail"]) == (503, FULL)
            assert refused.headers["Retry-After"] == "5"
            with pytest.raises(QueueError, match="try again"):
                Client(address, verbose=False).predict(TALK, api_name="/ask")
    log = (corpus_dir.parent / f"ui-{address.rpartition(':')[2]}.log").read_text(encoding="utf-8")
    assert '"kind": "ask", "outcome": "refused", "error": {"type": "UsageError", "message": "the queue is full"}' in log


@pytest.mark.parametrize("path", ["polycite.sqlite3", "../../../etc/hostname"])
def test_no_file_of_this_machine_is_served(address: str, corpus_dir: Path, path: str) -> None:
    wanted = (corpus_dir / path).resolve()
    for form in (f"{address}/gradio_api/file={wanted}", f"{address}/file={wanted}"):
        assert httpx.get(form).status_code in (403, 404)


def test_a_password_is_asked_for(corpus_dir: Path) -> None:
    with page_server(corpus_dir, "--llm", "none", "--auth", "ada:secret") as address:
        assert httpx.get(f"{address}/config").status_code == 401
        assert httpx.post(f"{address}/gradio_api/call/ask", json={"data": [QUESTION]}).status_code == 401
        opened = Client(address, auth=("ada", "secret"), verbose=False)
        assert opened.predict(QUESTION, api_name="/ask")["citations"]
        opened.close()


def test_another_address_needs_a_password_or_an_explicit_wish() -> None:
    with pytest.raises(UsageError, match="--auth"):
        check_address("0.0.0.0", 0, guarded=False)
    check_address("0.0.0.0", 0, guarded=True)
    check_address("localhost", 0, guarded=False)
    with pytest.raises(UsageError, match="--port"):
        check_address("127.0.0.1", 70_000, guarded=False)


def test_a_port_that_is_taken_is_named(address: str, corpus_dir: Path) -> None:
    port = address.rpartition(":")[2]
    command = [sys.executable, "-m", "ui.cli", "ui", "--data-dir", str(corpus_dir), "--port", port]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"polycite: cannot listen at 127.0.0.1, port {port}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told(corpus_dir: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "ui.cli", "ui", "--data-dir", str(corpus_dir), "--port", "0", "--llm", "none"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert "polycite is at" in server.stdout.readline()
        started = time.monotonic()
        server.send_signal(number)
        _, errors = server.communicate(timeout=20)
        assert time.monotonic() - started < 10
        assert server.returncode == 0
        assert [json.loads(line)["event"] for line in errors.splitlines()] == ["start", "stop"]


def test_no_other_command_imports_gradio(corpus_dir: Path) -> None:
    code = (
        "import sys; from ui.cli import main\n"
        f"main(['ask', 'Who met whom?', '--llm', 'none', '--data-dir', {str(corpus_dir)!r}])\n"
        "sys.exit('gradio' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_a_quote_on_a_page_names_it_and_text_from_right_to_left_says_so() -> None:
    document = Document("a.pdf", "אחת. שתיים.\n\nThree.", "he", "0", "pdf", (0, 13))
    shown = markup.evidence([(0, answer_citing(document, "Three."))], {"a.pdf": document}, Words("en"))
    assert "page 2" in shown
    first = markup.evidence([(0, answer_citing(document, "שתיים."))], {"a.pdf": document}, Words("en"))
    assert '<p lang="he" dir="auto">אחת. <mark>שתיים.</mark></p>' in first


def answer_citing(document: Document, quote: str) -> Answer:
    start = document.text.index(quote)
    citation = Citation(1, document.id, start, start + len(quote), quote, document.language)
    sentence = AnswerSentence(quote, "supported", (1,))
    receipt = Receipt(asked=False, why="quotes")
    return Answer("?", "en", quote, (sentence,), (), (citation,), (), False, False, "none", {}, receipt)


def test_every_language_has_every_word() -> None:
    keys = {language: set(words) for language, words in tables().items()}
    assert set(keys) == {"en", "de", "fr", "zh-Hans", "zh-Hant"}
    assert all(found == keys["en"] for found in keys.values())


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-AT,de;q=0.9", "de"),
        ("zh-HK", "zh-Hant"),
        ("zh", "zh-Hans"),
        ("es,fr;q=0.5", "fr"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_browsers_language(accepted: str | None, language: str) -> None:
    assert of_browser(accepted).language == language
