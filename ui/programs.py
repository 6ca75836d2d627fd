"""What programs may call, by names that stay: ask, search and verify; each gives the JSON of the command of that name.

Over HTTP they are endpoints of the page's server, over standard input and output tools of the Model Context Protocol
(https://modelcontextprotocol.io), which assistants speak.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from index.errors import PolyciteError
from qa import Chatbot, Wishes
from qa.types import AnswerReady
from ui import jsonform
from ui.library import Library

MOST_RESULTS = 100
AT_ONCE = 8  # questions that are answered at the same time; others wait for their turn

Call = Callable[..., dict[str, Any]]


def calls(bot: Callable[[], Chatbot]) -> tuple[Call, ...]:
    """The functions; ``bot`` says who answers."""

    def ask(question: str, quotes_only: bool = False) -> dict[str, Any]:
        """Answer a question with verified sentences and exact citations, or say that the documents don't say."""
        for event in bot().stream(question, wishes=Wishes(worded=not quotes_only)):
            if isinstance(event, AnswerReady):
                return jsonform.answer(None, event.answer)
        raise AssertionError("a stream ends with its answer")

    def search(question: str, k: int = 5) -> dict[str, Any]:
        """Find the passages nearest to a question, whatever language they are in."""
        return jsonform.search(None, question, bot().index.search(question, max(1, min(int(k), MOST_RESULTS))))

    def verify(text: str) -> dict[str, Any]:
        """Hold a text, sentence by sentence, against the documents: what supports each, or why nothing does."""
        return jsonform.verification(None, bot().verify(text))

    return ask, search, verify


def add_endpoints(library: Library) -> None:
    """Add the functions to the Gradio app that is being built."""
    import gradio as gr

    for call in calls(library.bot):
        told = _told(call, lambda error: gr.Error(str(error), print_exception=False))
        gr.api(  # type: ignore[attr-defined]
            told, api_name=call.__name__, api_description=call.__doc__, concurrency_limit=AT_ONCE
        )


def serve_tools(bot: Chatbot) -> None:
    """Serve the functions as tools over standard input and output, until the input ends."""
    from mcp.server import MCPServer
    from mcp.server.mcpserver.exceptions import ToolError

    server = MCPServer("polycite", instructions="Answers from the user's own documents, with exact citations.")
    for call in calls(lambda: bot):
        server.add_tool(_told(call, lambda error: ToolError(str(error))))
    server.run("stdio")


def _told(call: Call, translate: Callable[[PolyciteError], Exception]) -> Call:
    """The same with polycite's errors as the protocol's, whose message a client is told."""

    @functools.wraps(call)
    def told(*given: object, **named: object) -> dict[str, Any]:
        try:
            return call(*given, **named)
        except PolyciteError as error:
            raise translate(error) from error

    return told
