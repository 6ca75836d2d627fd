"""The page's server is told to end while it answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from evals.load_world import children
from tests.model_server import ModelServer
from ui.desk import ENDING

QUESTION = "How long did William Cho talk with Zuckerberg?"
LONG_S = 5  # and no longer
SHOWN = {"duration": 10, "visible": True, "title": "Error"}  # what Gradio adds to an error, for its page


@contextmanager
def server(data_dir: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`polycite ui` with its address; what it logs is left on its standard error."""
    command = [sys.executable, "-m", "ui.cli", "ui", "--data-dir", str(data_dir), "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().split()[3].rstrip("/")
        process.kill()


def answer(address: str, question: str = QUESTION) -> tuple[str, Any]:
    """The last event and what it says."""
    body = {"data": [question, False]}
    asked = httpx.post(f"{address}/gradio_api/call/ask", json=body).json()["event_id"]
    told = httpx.get(f"{address}/gradio_api/call/ask/{asked}", timeout=60).text.strip().split("\n\n")[-1]
    event, data = told.split("\n")
    return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_answer_that_waits_for_a_stalled_server_ends_with_its_quotes(
    corpus_dir: Path, number: signal.Signals
) -> None:
    with ModelServer(fault="stall") as model, ThreadPoolExecutor() as pool:
        options = ("--llm", "openai", "--model", "m", "--base-url", f"{model.address}/v1", "--log-texts")
        with server(corpus_dir, *options) as (process, address):
            waiting = [pool.submit(answer, address) for _ in range(2)]
            until(lambda: len(model.requests) == 2)
            started = time.monotonic()
            process.send_signal(number)
            time.sleep(0.5)
            assert answer(address) == ("error", {"error": ENDING, **SHOWN})
            _, errors = process.communicate(timeout=30)
            assert time.monotonic() - started < LONG_S
            for done in waiting:
                event, given = done.result()
                assert event == "complete"
                assert "two hours" in given[0]["citations"][0]["quote"]
                assert given[0]["receipt"]["fault"] == "m was stopped before it was done; ask again"
    assert process.returncode == 0
    told = [json.loads(line) for line in errors.splitlines()]
    assert sorted(line.get("outcome", line["event"]) for line in told) == [*["quotes"] * 2, "refused", "start", "stop"]
    assert told[1]["text"] == QUESTION


def test_the_default_models_child_ends_too(corpus_dir: Path) -> None:
    """The child is stopped, so that it cannot answer, nor end by itself."""
    with server(corpus_dir, "--llm", "llamacpp") as (process, address), ThreadPoolExecutor() as pool:
        assert answer(address)[1][0]["receipt"]["fault"] is None
        (child,) = children(process.pid)
        os.kill(child, signal.SIGSTOP)
        waiting = pool.submit(answer, address)
        time.sleep(1)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert time.monotonic() - started < LONG_S
        event, given = waiting.result()
        assert event == "complete"
        assert given[0]["citations"]
        assert "stopped before it was done" in given[0]["receipt"]["fault"]
        assert not Path(f"/proc/{child}").exists()
    assert "Traceback" not in errors
