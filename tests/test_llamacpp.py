"""llama.cpp in a child process, with the real xllamacpp and the real bundled model."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import openai
import pytest
from llama_index.core.llms import ChatMessage

from index.errors import ModelError
from qa.gguf import BUNDLED, bundled_model, check_model
from qa.llamacpp import LlamaCppServer

START_S = 60.0  # takes 0.4 s; other processes may want the cores too
QUESTION = [ChatMessage(role="user", content="The Danube rises in the Black Forest. Where does the Danube rise?")]
STORY = [ChatMessage(role="user", content="Write a long story about a river.")]
STORY_TOKENS = 1500  # more than ten seconds of writing


def model_path() -> Path:
    path = bundled_model()
    assert path is not None, "install lock/model.lock"
    return path


def start() -> LlamaCppServer:
    return LlamaCppServer.start(model_path(), BUNDLED.context_window, START_S)


@pytest.fixture(scope="module")
def server() -> Iterator[LlamaCppServer]:
    with start() as running:
        yield running


@pytest.fixture
def no_gc() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def until(condition: Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def writing(server: LlamaCppServer) -> bool:
    return bool(server._request("/slots")[0]["is_processing"])


def refuses_connections(address: str, host: str = "127.0.0.1") -> bool:
    try:
        socket.create_connection((host, int(address.rsplit(":", 1)[1])), timeout=2).close()
    except ConnectionRefusedError:
        return True
    return False


def test_answers_a_question(server: LlamaCppServer) -> None:
    llm = server.llm(max_tokens=30)
    assert "Black Forest" in str(llm.chat(QUESTION).message.content)
    assert "Black Forest" in "".join(piece.delta or "" for piece in llm.stream_chat(QUESTION))
    assert (llm.metadata.model_name, llm.metadata.context_window) == (BUNDLED.alias, BUNDLED.context_window)


def test_answers_a_question_asynchronously(server: LlamaCppServer) -> None:
    assert "Black Forest" in str(asyncio.run(server.llm(max_tokens=30).achat(QUESTION)).message.content)


@pytest.mark.usefixtures("no_gc")
def test_closing_a_stream_stops_the_writing(server: LlamaCppServer) -> None:
    stream = server.llm(max_tokens=STORY_TOKENS).stream_chat(STORY)
    assert sum(1 for _, _ in zip(range(5), stream, strict=False)) == 5
    assert writing(server)
    stream.close()
    assert until(lambda: not writing(server))
    assert "Black Forest" in str(server.llm(max_tokens=30).chat(QUESTION).message.content)


@pytest.mark.usefixtures("no_gc")
def test_closing_an_asynchronous_stream_stops_the_writing(server: LlamaCppServer) -> None:
    async def read_and_stop() -> None:
        stream = await server.llm(max_tokens=STORY_TOKENS).astream_chat(STORY)
        async for piece in stream:
            if piece.delta:
                break
        assert writing(server)
        await stream.aclose()
        assert await asyncio.to_thread(until, lambda: not writing(server))

    asyncio.run(read_and_stop())


def test_counts_tokens(server: LlamaCppServer) -> None:
    assert server.count_tokens("Hello world") == 2
    assert server.count_tokens("") == 0
    assert server.count_tokens("多瑙河" * 100) > 300


def test_a_prompt_over_the_window_is_refused(server: LlamaCppServer) -> None:
    with pytest.raises(openai.BadRequestError, match="exceeds the available context size"):
        server.llm(max_tokens=5).chat([ChatMessage(role="user", content="word " * 3000)])


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/slots", "/tokenize"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer guessed", "Origin": "http://example.org"}])
def test_refuses_a_request_without_its_key(server: LlamaCppServer, path: str, headers: dict[str, str]) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(server.address + path, headers=headers))
    with refused.value as error:
        assert error.code == 401
        assert not error.headers.get("Access-Control-Allow-Origin")


def test_listens_on_loopback_only(server: LlamaCppServer) -> None:
    assert server.address.startswith("http://127.0.0.1:")
    assert refuses_connections(server.address, "127.0.0.2")  # a server on all addresses would answer here too


def test_shows_neither_key_nor_path_and_is_out_of_reach_of_ctrl_c(server: LlamaCppServer) -> None:
    pid = server._process.pid
    shown = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
    assert server.key.encode() not in shown
    assert BUNDLED.file.encode() not in shown
    assert os.getsid(pid) == pid


def test_proxies_and_what_lies_in_the_working_directory_do_not_matter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        for variable in (name, name.lower()):
            monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for name in ("qa.py", "json.py", "xllamacpp.py"):
        (tmp_path / name).write_text("raise SystemExit('shadowed')")
    with start() as server:
        assert "Black Forest" in str(server.llm(max_tokens=30).chat(QUESTION).message.content)
        assert server.count_tokens("Hello world") == 2


def test_the_window_is_what_the_model_has() -> None:
    with LlamaCppServer.start(model_path(), 20_000, START_S) as server:
        assert server.context_window == 8192


def test_close_ends_the_child_at_once_even_while_it_writes() -> None:
    server = start()
    stream = server.llm(max_tokens=STORY_TOKENS).stream_chat(STORY)
    next(iter(stream))
    started = time.monotonic()
    server.close()
    server.close()
    assert time.monotonic() - started < 1
    assert not server.alive
    assert refuses_connections(server.address)
    with pytest.raises(httpx.HTTPError):
        list(stream)


def test_the_child_ends_with_the_last_reference() -> None:
    server = start()
    address = server.address
    del server
    assert refuses_connections(address)


PARENT = """
import sys, time
from pathlib import Path
from qa.llamacpp import LlamaCppServer
server = LlamaCppServer.start(Path(sys.argv[1]), 512, 60)
print(server.address, flush=True)
if sys.argv[2] == "wait":
    time.sleep(600)
"""


def parent(then: str) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-c", PARENT, str(model_path()), then]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(root)})


def test_the_child_ends_when_its_parent_is_killed() -> None:
    with parent("wait") as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert not refuses_connections(address)
        process.send_signal(signal.SIGKILL)
    assert until(lambda: refuses_connections(address))


def test_the_child_ends_with_a_parent_that_closes_nothing() -> None:
    with parent("leave") as process:
        address, _ = process.communicate(timeout=START_S)
    assert process.returncode == 0
    assert refuses_connections(address.strip())


def test_a_child_killed_in_mid_life_is_an_error() -> None:
    with start() as server:
        llm = server.llm(max_tokens=STORY_TOKENS)
        stream = llm.stream_chat(STORY)
        next(iter(stream))
        os.kill(server._process.pid, signal.SIGKILL)
        with pytest.raises(httpx.HTTPError):
            list(stream)
        with pytest.raises(openai.APIConnectionError):
            llm.chat(QUESTION)
        with pytest.raises(ModelError, match="start it again"):
            server.count_tokens("word")
        assert until(lambda: not server.alive)


def test_a_start_that_takes_too_long_is_an_error() -> None:
    with pytest.raises(ModelError, match=r"not ready after 0\.01 s; allow more time"):
        LlamaCppServer.start(model_path(), BUNDLED.context_window, 0.01)


def test_a_gguf_that_llama_cpp_refuses_is_an_error_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    with model_path().open("rb") as whole:
        path.write_bytes(whole.read(4_000_000))
    with pytest.raises(ModelError, match=r"corrupted or incomplete; give another GGUF file") as raised:
        LlamaCppServer.start(path, BUNDLED.context_window, START_S)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "there is no model"), (b"", "not a GGUF"), (b"<html>", "not a GGUF"), (b"GGUF\x03\0\0\0", "cut short")],
)
def test_a_file_that_is_no_model_is_an_error(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "some.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=rf"{message}.*; give the path of a GGUF file with --model"):
        LlamaCppServer.start(path, BUNDLED.context_window, START_S)


def test_a_directory_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is not a file"):
        check_model(tmp_path)


def test_the_bundled_model_is_as_pinned() -> None:
    check_model(model_path())


def test_one_flipped_bit_in_the_bundled_model_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "carrier"
    package.mkdir()
    copy = package / BUNDLED.file
    copy.write_bytes(model_path().read_bytes())
    monkeypatch.syspath_prepend(tmp_path)
    carried = replace(BUNDLED, package=package.name)
    check_model(copy, carried)
    with copy.open("r+b") as file:
        file.seek(60_000_000)
        byte = file.read(1)[0]
        file.seek(60_000_000)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(ModelError, match="is damaged; reinstall the package carrier"):
        check_model(copy, carried)
    copy.unlink()  # pytest would keep the 98 MB of the last three runs


def test_a_package_that_is_not_installed_has_no_model() -> None:
    assert replace(BUNDLED, package="not_installed_here").path() is None
