"""What programs may call over HTTP, by names that stay: ask, search and verify; each gives the CLI's JSON."""

from __future__ import annotations

import functools
from collections.abc import Callable

import gradio as gr

from index.errors import PolyciteError
from qa import Wishes
from qa.types import AnswerReady
from ui import jsonform
from ui.library import Library

MOST_RESULTS = 100
AT_ONCE = 8


def add_endpoints(library: Library) -> None:
    """Add the endpoints to the Gradio app that is being built."""

    def ask(question: str, quotes_only: bool = False) -> dict[str, object]:
        """Answer a question with verified sentences and exact citations, or say that the documents don't say."""
        bot = library.bot()
        for event in bot.stream(question, wishes=Wishes(worded=not quotes_only)):
            if isinstance(event, AnswerReady):
                return jsonform.answer(None, event.answer)
        raise AssertionError("a stream ends with its answer")

    def search(question: str, k: int = 5) -> dict[str, object]:
        """Find the passages nearest to a question, in any language."""
        return jsonform.search(None, question, library.bot().index.search(question, max(1, min(int(k), MOST_RESULTS))))

    def verify(text: str) -> dict[str, object]:
        """Hold a text, sentence by sentence, against the documents."""
        return jsonform.verification(None, library.bot().verify(text))

    for call in (ask, search, verify):
        gr.api(  # type: ignore[attr-defined]
            _told(call), api_name=call.__name__, api_description=call.__doc__, concurrency_limit=AT_ONCE
        )


def _told(call: Callable[..., dict[str, object]]) -> Callable[..., dict[str, object]]:
    """The same with polycite's errors as Gradio's, whose message a client is told."""

    @functools.wraps(call)
    def told(*given: object, **named: object) -> dict[str, object]:
        try:
            return call(*given, **named)
        except PolyciteError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return told
