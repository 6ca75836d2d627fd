"""A GGUF model served by llama.cpp in a child process, as a LlamaIndex LLM."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from index.errors import ModelError
from qa import llamacpp_child
from qa.gguf import BUNDLED, check_model, is_bundled

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

STOP_S = 1.0  # a child stops in 0.03 s, even while it writes
REQUEST_S = 10.0

Process = subprocess.Popen[bytes]


def default_threads() -> int:
    """Half the cores that this process may use.

    llama.cpp's threads wait for each other in a busy loop: on 2 cores, one of them also used by another process, two
    threads wrote 1 token a second and one thread 110; with both cores free, two threads wrote 145 and one 120.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // 2)


class LlamaCppServer:
    """A running llama.cpp server; it ends with ``close()``, with this object, or with this process (kill -9 included).

    Keep it as long as the LLM that it gave. Attributes: address (http://127.0.0.1:PORT), alias (the model's name), key
    (that requests must have) and context_window (in the model's tokens: what was asked for, at most what the model was
    trained for).
    """

    def __init__(self, process: Process, address: str, alias: str, key: str) -> None:
        self.address = address
        self.alias = alias
        self.key = key
        self._process = process
        self.close = weakref.finalize(self, _stop, process)  # idempotent; also called at the interpreter's end
        self.context_window = int(self._request("/slots")[0]["n_ctx"])

    @classmethod
    def start(cls, path: Path, context_window: int, start_timeout: float, *, threads: int | None = None) -> Self:
        """Check the file, load it in a child process and wait until it can be asked, at most start_timeout seconds.

        Raises:
            ModelError: the file cannot be used, the child died or took too long.
        """
        check_model(path)
        alias = BUNDLED.alias if is_bundled(path) else path.stem
        key = secrets.token_urlsafe()
        launch = llamacpp_child.Launch(str(path.resolve()), alias, context_window, threads or default_threads(), key)
        with tempfile.TemporaryFile() as log:
            process = _spawn(log)
            try:
                return cls(process, _launch(process, launch, start_timeout, log), alias, key)
            except BaseException:
                _stop(process)
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the child runs."""
        return self._process.poll() is None

    def count_tokens(self, text: str) -> int:
        """Count the text's tokens as the model has them, without what the chat template adds around messages.

        Raises:
            ModelError: the child does not answer.
        """
        return len(self._request("/tokenize", {"content": text})["tokens"])

    def llm(self, max_tokens: int, *, temperature: float = 0, timeout: float = 30) -> LLM:
        """Give the model to LlamaIndex. Tokens are the model's own; timeout is seconds without a byte, not in all.

        Stream (``stream_chat``) and close the stream to stop at the next token. While the prompt is read, or without
        streaming, llama.cpp works on for nobody: only ``close()`` ends that. Calls raise openai.OpenAIError and, amid
        a stream, httpx.HTTPError.
        """
        from llama_index.llms.openai_like import OpenAILike

        from qa.openai_clients import closing_clients

        base = f"{self.address}/v1"
        limits: dict[str, Any] = {"timeout": timeout, "max_retries": 0}
        client, async_client = closing_clients(direct=True, base_url=base, api_key=self.key, **limits)
        options: dict[str, Any] = limits | {"openai_client": client, "async_openai_client": async_client}
        llm: LLM = OpenAILike(
            model=self.alias,
            api_base=base,
            api_key=self.key,
            is_chat_model=True,
            context_window=self.context_window,
            max_tokens=max_tokens,
            temperature=temperature,
            **options,
        )
        return llm

    def _request(self, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=REQUEST_S)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        try:
            connection.request("POST" if body else "GET", path, json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            if response.status != http.HTTPStatus.OK:
                raise ModelError(f"llama.cpp refused {path} (HTTP {response.status}); start it again")
            return json.loads(response.read())
        except (OSError, http.client.HTTPException) as error:
            raise ModelError(f"llama.cpp does not answer ({error}); start it again") from error
        finally:
            connection.close()


def _spawn(log: IO[bytes]) -> Process:
    # By its file and with -P, so that no qa folder where the user happens to be is taken for ours; in a session of its
    # own, so that Ctrl-C reaches this process only.
    command = [sys.executable, "-P", str(Path(llamacpp_child.__file__))]
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(command, bufsize=0, stdin=pipe, stdout=pipe, stderr=log, start_new_session=True)
    except OSError as error:
        raise ModelError(f"llama.cpp cannot be started ({error}); --llm none answers by quotation") from error


def _launch(process: Process, launch: llamacpp_child.Launch, seconds: float, log: IO[bytes]) -> str:
    """Send the parameters and wait for the address."""
    started = time.monotonic()
    reply = _exchange(process, asdict(launch), seconds)
    if "address" in reply:
        return reply["address"]
    if time.monotonic() - started >= seconds:
        raise ModelError(f"llama.cpp was not ready after {seconds:g} s; allow more time or take a smaller model")
    log.seek(0)
    reason = _reason(log.read().decode(errors="replace")) or reply.get("error")
    reason = reason or f"it ended with status {process.wait()}"
    raise ModelError(f"llama.cpp cannot load {launch.model}: {reason}; give another GGUF file with --model")


def _exchange(process: Process, message: dict[str, Any], seconds: float) -> dict[str, str]:
    """Send a line and wait for one; empty when the child dies, or is killed because it took longer."""
    assert process.stdin is not None
    assert process.stdout is not None
    deadline = threading.Timer(seconds, process.kill)
    deadline.start()
    try:
        with suppress(BrokenPipeError):  # it died already: there will be no reply
            process.stdin.write(json.dumps(message).encode() + b"\n")
        line = process.stdout.readline()
    finally:
        deadline.cancel()
    return dict(json.loads(line)) if line else {}


def _reason(log: str) -> str:
    """Find the first thing that llama.cpp complained of, without its clock."""
    first = next((line for line in log.splitlines() if line.strip()), "")
    return re.sub(r"^[\d.]+ E ", "", first).strip()[:300]


def _stop(process: Process) -> None:
    try:
        process.communicate(timeout=STOP_S)  # closes the child's stdin, which ends it
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
