"""The model fails in the middle of its work: the answer ends with its quotes, says so, and the next is as ever."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evals.load_world import children
from qa import Answer, AnswerReady, Chatbot, DraftToken
from tests.model_server import ModelServer

pytestmark = pytest.mark.fault

QUESTION = "How long did William Cho talk with Zuckerberg?"
LIMIT_S = 10.0  # for an answer of the model; its start is part of that
SLACK_S = 3.0  # for the rest of an answer, and the end of a child that has to be killed


@pytest.fixture
def bot(corpus_dir: Path) -> Iterator[Chatbot]:
    """One whose model, the bundled one, runs already."""
    with Chatbot.open(corpus_dir, llm="llamacpp", model_timeout=LIMIT_S) as opened:
        assert opened.ask(QUESTION).receipt.fault is None
        yield opened


def child() -> int:
    """The one that runs llama.cpp; another may be there that reads files."""
    mine = [number for number in children(os.getpid()) if b"llamacpp" in Path(f"/proc/{number}/cmdline").read_bytes()]
    (found,) = mine
    return found


def asked(bot: Chatbot, amid: signal.Signals | None = None) -> Answer:
    """The answer, within its time; the child is sent a signal as soon as it writes."""
    started = time.monotonic()
    for event in bot.stream(QUESTION):
        if isinstance(event, DraftToken) and amid:
            os.kill(child(), amid)
            amid = None
        if isinstance(event, AnswerReady):
            assert amid is None
            assert time.monotonic() - started < LIMIT_S + SLACK_S
            assert "two hours" in event.answer.citations[0].quote
            return event.answer
    raise AssertionError("a stream ends with its answer")


def test_a_child_that_stalls_before_it_writes(bot: Chatbot) -> None:
    stalled = child()
    os.kill(stalled, signal.SIGSTOP)
    answer = asked(bot)
    assert answer.model == "none"
    assert "took longer than 10 s; raise model_timeout" in (answer.receipt.fault or "")
    assert not Path(f"/proc/{stalled}").exists()
    assert asked(bot).receipt.fault is None


def test_the_next_in_turn_is_not_brought_down_by_a_child_that_stalls(bot: Chatbot) -> None:
    os.kill(child(), signal.SIGSTOP)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(bot.ask, QUESTION)
        time.sleep(3)
        second = pool.submit(bot.ask, QUESTION)
        assert "took longer than 10 s" in (first.result().receipt.fault or "")
        assert second.result().receipt.fault is None


@pytest.mark.parametrize(
    ("sent", "said"), [(signal.SIGSTOP, "took longer than 10 s"), (signal.SIGKILL, "ask again, or use --llm none")]
)
def test_a_child_that_fails_while_it_writes(bot: Chatbot, sent: signal.Signals, said: str) -> None:
    failing = child()
    answer = asked(bot, amid=sent)
    assert said in (answer.receipt.fault or "")
    assert not Path(f"/proc/{failing}").exists()
    assert asked(bot).receipt.fault is None
    assert child() != failing


@pytest.mark.parametrize(
    "garbage",
    [
        "\0\x1b[2J\ufffd\ud800<|im_end|>[[[]]] ;;; ###\n" * 200,
        "zeppelin " * 20_000,
        "ﷺ𝔘҉" * 5_000,
        '{"tool_calls": [{"name": "rm", "arguments": "-rf /"}]}',
    ],
    ids=["control", "endless", "odd", "json"],
)
def test_a_model_that_writes_garbage(corpus_dir: Path, garbage: str) -> None:
    with ModelServer([garbage]) as server:
        options = {"llm": "openai", "model": "m", "base_url": f"{server.address}/v1"}
        with Chatbot.open(corpus_dir, **options, model_timeout=LIMIT_S) as bot:
            answer = asked(bot)
            assert answer.model == "none"
            assert ("wrote on after its 200 tokens" in (answer.receipt.fault or "")) is (len(garbage) > 4000)
            assert not any(part in answer.text for part in ("\0", "\ud800", "zeppelin", "ﷺ", "tool_calls"))
            server.says = ["William Cho talked with Zuckerberg for two hours."]
            assert asked(bot).model == "m"
