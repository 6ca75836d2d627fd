"""A model, asked for a draft: what it is sent fits its window, and what it sends comes within its time."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from index.errors import ModelError
from qa.budget import fit, plan_tokens
from qa.connect import Connection, connect
from qa.models import ModelSpec
from qa.prompt import load_prompt
from qa.quotes import Quote
from qa.types import Usage

if TYPE_CHECKING:
    from llama_index.core.llms import ChatMessage, ChatResponse
    from pydantic import SecretStr

TOKEN_CHARS = 20  # more than tokens have on average, in any language
TOKENS_A_TURN = 8  # what a chat template adds around each turn, at most
HANG_UP_S = 2.0
_SHOWN = 200  # characters of a client library's message


class Writer:
    """Connects to its model when the first draft is asked for, and anew after a fault, until closed.

    Safe across threads.
    """

    def __init__(self, spec: ModelSpec, key: SecretStr | None = None) -> None:
        self.spec = spec
        self._key = key
        self._connection: Connection | None = None
        self._connecting = threading.Lock()
        self._writing = threading.Lock()
        self._closed = False
        self._waiting: set[queue.SimpleQueue[ChatResponse | Exception | None]] = set()
        self._prompt = load_prompt(spec.prompt)

    def close(self) -> None:
        """Hang up for good; a llama.cpp child ends, and so do drafts that wait for it, at once."""
        self._closed = True
        for arrived in list(self._waiting):
            arrived.put(self._stopped())
        self._hang_up()

    def _stopped(self) -> ModelError:
        return ModelError(f"{self.spec.name} was stopped before it was done; ask again")

    def _hang_up(self) -> None:
        with self._connecting:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection[1]()

    def plan(
        self, question: str, language: str, quotes: Sequence[Quote], earlier: str = ""
    ) -> tuple[int, list[Quote], list[Quote]]:
        """Plan a prompt: (tokens it may take with the answer, quotes that fit, quotes that do not)."""
        turns = self._prompt.turns([], question, language, earlier)
        fixed = sum(plan_tokens(content, language) + TOKENS_A_TURN for _, content in turns) + self.spec.max_tokens
        included, dropped = fit(quotes, self.spec.window - fixed)
        return fixed + sum(plan_tokens(quote.text, quote.language) for quote in included), included, dropped

    def draft(
        self, question: str, language: str, quotes: Sequence[Quote], earlier: str = ""
    ) -> Generator[str, None, Usage]:
        """Yield the draft piece by piece, and return what it took; closing the iterator stops the model.

        ``earlier`` is what was said before, in a conversation.

        Raises:
            ModelError: the model is busy, cannot be reached or started, fails, takes longer than its time in all, or
                writes more than it was asked for.
        """
        from llama_index.core.llms import ChatMessage

        turns = self._prompt.turns([quote.text for quote in quotes], question, language, earlier)
        messages = [ChatMessage(role=role, content=content) for role, content in turns]
        last: ChatResponse | None = None
        with self._turn(), closing(self._in_time(messages)) as pieces:
            for piece in pieces:
                last = piece
                if piece.delta:
                    yield piece.delta.encode(errors="replace").decode()  # JSON can hold what is no text
        return _usage(last)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """A llama.cpp child writes one draft at a time; if it has to be ended, no other draft falls with it.

        Raises:
            ModelError: it was not free within its time.
        """
        if self.spec.provider != "llamacpp":
            yield
            return
        if not self._writing.acquire(timeout=self.spec.timeout):
            raise ModelError(f"{self.spec.name} is busy with other questions; ask again")
        try:
            yield
        finally:
            self._writing.release()

    def _in_time(self, messages: Sequence[ChatMessage]) -> Generator[ChatResponse, None, None]:
        """What the model sends, read by a thread: a client waits for each byte, but nobody for the last one."""
        deadline = time.monotonic() + self.spec.timeout
        arrived: queue.SimpleQueue[ChatResponse | Exception | None] = queue.SimpleQueue()
        enough = threading.Event()
        self._waiting.add(arrived)
        room = self.spec.max_tokens * TOKEN_CHARS
        reader = threading.Thread(target=self._read, args=(messages, arrived, enough), daemon=True)
        reader.start()
        try:
            while True:
                left = deadline - time.monotonic()
                try:
                    if left <= 0:  # also where a server sends so fast that there is always something
                        raise queue.Empty
                    item = arrived.get(timeout=left)
                except queue.Empty:
                    self._hang_up()
                    limit = f"{self.spec.timeout:g} s"
                    raise ModelError(f"{self.spec.name} took longer than {limit}; raise model_timeout") from None
                if item is None:
                    return
                if isinstance(item, Exception):
                    self._hang_up()
                    raise self._explained(item) from item
                room -= len(item.delta or "")
                if room < 0:
                    self._hang_up()
                    enough.set()
                    reader.join(HANG_UP_S)  # a thread that is still at it when the process ends would abort it
                    most = f"{self.spec.max_tokens} tokens"
                    raise ModelError(f"{self.spec.name} wrote on after its {most}; look at the server")
                yield item
        finally:
            self._waiting.discard(arrived)
            enough.set()

    def _read(
        self,
        messages: Sequence[ChatMessage],
        arrived: queue.SimpleQueue[ChatResponse | Exception | None],
        enough: threading.Event,
    ) -> None:
        try:
            with closing(self._connect()[0].stream_chat(messages)) as stream:  # closed at once, or the model writes on
                for piece in stream:
                    arrived.put(piece)
                    if enough.is_set():
                        return
            arrived.put(None)
        except Exception as error:  # one boundary: whatever a client library raises is told to the one who waits
            arrived.put(error)

    def _connect(self) -> Connection:
        with self._connecting:
            if self._closed:
                raise self._stopped()
            if self._connection is None:
                self._connection = connect(self.spec, self._key)
            return self._connection

    def _explained(self, error: Exception) -> ModelError:
        """One line that names the cause and the next step."""
        if isinstance(error, ModelError):
            return error
        name, kind = self.spec.name, type(error).__name__
        said = " ".join(str(error).split())[:_SHOWN]
        if self.spec.provider == "llamacpp":
            return ModelError(f"{name} failed: {kind}: {said}; ask again, or use --llm none")
        where = f"{name} at {self.spec.address}"
        if "Connect" in kind or isinstance(error, ConnectionError):
            return ModelError(f"{where} cannot be reached; start the server, or use --llm none")
        if getattr(error, "status_code", None) == 404:
            return ModelError(
                f"{where}: the server has no such model; get it with --pull, or name another with --model"
            )
        return ModelError(f"{where} failed: {kind}: {said}; look at the server, or use --llm none")


def _usage(last: ChatResponse | None) -> Usage:
    """The server's own count, where it gives one."""
    if last is None:
        return Usage()
    if isinstance(last.raw, dict):  # Ollama's last line
        return Usage(last.raw.get("prompt_eval_count"), None, last.raw.get("eval_count"))
    counts = last.additional_kwargs  # LlamaIndex puts the server's counts here, under OpenAI's names
    timings: dict[str, int] = getattr(last.raw, "timings", None) or {}  # llama.cpp's: what it read, and what it knew
    cached = timings.get("cache_n")
    prompt = counts.get("prompt_tokens", timings["prompt_n"] + (cached or 0) if "prompt_n" in timings else None)
    return Usage(prompt, cached, counts.get("completion_tokens", timings.get("predicted_n")))
