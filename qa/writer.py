"""A model, asked for a draft: one short sentence in the words of the best quotes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from index.errors import ModelError
from qa.budget import fit, plan_tokens
from qa.models import ModelSpec
from qa.prompt import load_prompt
from qa.quotes import Quote

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

    from qa.llamacpp import LlamaCppServer

TOKENS_A_TURN = 8  # what a chat template adds around each turn, at most


class Writer:
    """Starts its model when the first draft is asked for, and keeps it until closed."""

    def __init__(self, spec: ModelSpec, timeout: float) -> None:
        self.spec = spec
        self._timeout = timeout
        self._server: LlamaCppServer | None = None
        self._llm: LLM | None = None
        self._starting = threading.Lock()
        self._prompt = load_prompt(spec.prompt)

    def close(self) -> None:
        """Stop the model."""
        with self._starting:
            self._discard()

    def _discard(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = self._llm = None

    def plan(self, question: str, language: str, quotes: Sequence[Quote]) -> tuple[int, list[Quote], list[Quote]]:
        """Plan a prompt: (tokens it may take, quotes that fit, quotes that do not)."""
        turns = self._prompt.turns([], question)
        fixed = sum(plan_tokens(content, language) + TOKENS_A_TURN for _, content in turns) + self.spec.max_tokens
        included, dropped = fit(quotes, self.spec.window - fixed)
        return fixed + sum(plan_tokens(quote.text, quote.language) for quote in included), included, dropped

    def draft(self, question: str, quotes: Sequence[Quote]) -> Iterator[str]:
        """Yield the draft piece by piece; closing the iterator stops the model.

        Raises:
            ModelError: the model cannot be started, fails, or takes longer than its time.
        """
        from llama_index.core.llms import ChatMessage

        started = time.monotonic()
        turns = self._prompt.turns([quote.text for quote in quotes], question)
        messages = [ChatMessage(role=role, content=content) for role, content in turns]
        try:
            with closing(self._model().stream_chat(messages)) as stream:  # closed at once, or the model writes on
                for piece in stream:
                    if piece.delta:
                        yield piece.delta
                    if time.monotonic() - started > self._timeout:
                        raise ModelError(f"{self.spec.name} took longer than model_timeout = {self._timeout:g} s")
        except ModelError:
            self.close()
            raise
        except Exception as error:  # one boundary: whatever the client library raises becomes our own error here
            self.close()
            raise ModelError(f"{self.spec.name} failed: {type(error).__name__}: {error}".splitlines()[0]) from error

    def _model(self) -> LLM:
        from qa.llamacpp import LlamaCppServer

        with self._starting:
            if self._server is not None and not self._server.alive:
                self._discard()
            if self._server is None or self._llm is None:
                self._server = LlamaCppServer.start(self.spec.path, self.spec.window, self._timeout)
                self._llm = self._server.llm(max_tokens=self.spec.max_tokens, timeout=self._timeout)
            return self._llm
