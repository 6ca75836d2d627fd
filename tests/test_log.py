"""What the servers log: a JSON line for each question, without a word of it or of the documents, unless asked for."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.browser import page_server
from tests.conftest import CORPUS
from tests.model_server import ModelServer
from ui.log import beginning, described

QUESTION = "How many H100 GPUs does Meta want to secure by the end of the year?"
CLAIM = "William Cho spent nine hours with Zuckerberg."
TALK = "How long did William Cho talk with Zuckerberg?"
UNKNOWN = "When was the lighthouse of Sandrim painted red?"
SECRETS = re.compile(r"H100|GPUs|Meta|secure|William|Zuckerberg|Sandrim|lighthouse|350.000|Nvidia|\.txt", re.IGNORECASE)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if not line.startswith("polycite is at")]


def call(address: str, name: str, *data: object) -> str:
    asked = httpx.post(f"{address}/gradio_api/call/{name}", json={"data": data}, timeout=60)
    return httpx.get(f"{address}/gradio_api/call/{name}/{asked.json()['event_id']}", timeout=60).text


def test_a_line_for_each_question_without_a_word_of_it(corpus_dir: Path) -> None:
    says = "William Cho talked with Zuckerberg for two hours."
    with ModelServer([says]) as server:
        options = ("--llm", "openai", "--model", "m", "--base-url", f"{server.address}/v1")
        with page_server(corpus_dir, *options) as address:
            assert says in call(address, "ask", TALK, False)
            server.fault = "broken"
            assert "two hours" in call(address, "ask", TALK, False)
            assert "350 000" in call(address, "ask", QUESTION, True)
            call(address, "ask", UNKNOWN, False)
            call(address, "search", QUESTION, 3)
            call(address, "verify", CLAIM)
            assert "the question is empty" in call(address, "ask", " ", False)
            assert "unexpected AttributeError; the log of the server says where" in call(address, "ask", [TALK], False)
            assert "ask takes (question, quotes_only)" in call(address, "ask", QUESTION)
    text = (corpus_dir.parent / f"ui-{address.rpartition(':')[2]}.log").read_text(encoding="utf-8")
    assert not SECRETS.search(text)
    start, *questions, stop = lines(text)
    assert (start["event"], start["command"], start["model"], stop["event"]) == ("start", "ui", "m", "stop")
    assert [(line["kind"], line["outcome"]) for line in questions] == [
        ("ask", "worded"),
        ("ask", "quotes"),
        ("ask", "quotes"),
        ("ask", "abstained"),
        ("search", "quotes"),
        ("verify", "abstained"),
        ("ask", "refused"),
        ("ask", "fault"),
    ]
    assert len({line["id"] for line in questions}) == len(questions)
    worded, broken, quotes, *_, refused, fault = questions
    assert (worded["language"], worded["model"], worded["citations"] > 0) == ("en", "m", True)
    assert 0 < worded["first_ms"] < worded["total_ms"]
    assert 0 < worded["model_ms"] < worded["total_ms"]
    assert broken["error"] == {"type": "ModelError", "message": "m at URL failed"}
    assert (quotes["model"], "model_ms" in quotes) == ("none", False)
    assert refused["error"] == {"type": "UsageError", "message": "the question is empty; ask something, such as"}
    assert fault["error"]["type"] == "AttributeError"
    assert fault["error"]["at"].startswith("chatbot.py, line ")


@pytest.mark.parametrize("options", [(), ("--log-texts",)])
def test_assistants_questions(corpus_dir: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    arguments = ["-m", "ui.cli", "mcp", "--data-dir", str(corpus_dir), "--llm", "none", *options]
    log = tmp_path / "log"

    async def talk() -> None:
        with log.open("w", encoding="utf-8") as errlog:
            server = StdioServerParameters(command=sys.executable, args=arguments, env=dict(os.environ))
            async with Client(stdio_client(server, errlog=errlog)) as client:
                await client.call_tool("ask", {"question": QUESTION})
                await client.call_tool("verify", {"text": CLAIM})
                assert (await client.call_tool("ask", {"question": ""})).is_error
                assert (await client.call_tool("ask", {"question": [QUESTION]})).is_error
                assert (await client.call_tool("ask", {"query": QUESTION})).is_error

    asyncio.run(talk())
    text = log.read_text(encoding="utf-8")
    told = lines(text)
    assert [line["event"] for line in told] == ["start", *["question"] * 3, "stop"]
    assert [line["outcome"] for line in told[1:-1]] == ["quotes", "abstained", "refused"]
    assert bool(SECRETS.search(text)) is bool(options)
    if options:
        assert told[1]["text"] == QUESTION
        assert "350" in told[1]["answer"]
        assert told[1]["sources"][0] in {file.name for file in CORPUS.iterdir()}


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("m took longer than 0.6 s; raise model_timeout", "m took longer than 0.6 s; raise model_timeout"),
        ("m at http://ada:secret@host:1/v1 failed: APIError: the prompt", "m at URL failed"),
        ("/home/ada/secret plan is no index", ""),
        ("cannot read secret.txt", "cannot read"),
        ("no document 'secret'", "no document"),
    ],
)
def test_a_message_is_kept_up_to_where_it_may_hold_a_text(message: str, kept: str) -> None:
    assert beginning(message) == kept


def test_an_error_that_nobody_foresaw_is_told_by_its_place() -> None:
    with pytest.raises(ValueError, match="a secret") as caught:
        float("a secret")
    told = described(caught.value)
    assert told["type"] == "ValueError"
    assert told["at"].startswith("test_log.py, line ")
    assert "secret" not in str(told)
