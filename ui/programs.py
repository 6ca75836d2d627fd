"""What programs may call, by names that stay: ask, search and verify; each gives the JSON of the command of that name.

Over HTTP they are endpoints of the page's server, over standard input and output tools of the Model Context Protocol
(https://modelcontextprotocol.io), which assistants speak.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from index.errors import PolyciteError
from qa import Wishes
from qa.types import AnswerReady
from ui import jsonform
from ui.desk import Desk

if TYPE_CHECKING:
    import gradio as gr

MOST_RESULTS = 100
AT_ONCE = 8  # questions that are answered at the same time; others wait for their turn

Call = Callable[..., dict[str, Any]]


def calls(desk: Desk) -> tuple[Call, ...]:
    """The functions."""

    def ask(question: str, quotes_only: bool = False) -> dict[str, Any]:
        """Answer a question with verified sentences and exact citations, or say that the documents don't say."""
        for event in desk.ask("ask", question, wishes=Wishes(worded=not quotes_only)):
            if isinstance(event, AnswerReady):
                return jsonform.answer(None, event.answer)
        raise AssertionError("a stream ends with its answer")

    def search(question: str, k: int = 5) -> dict[str, Any]:
        """Find the passages nearest to a question, whatever language they are in."""
        return jsonform.search(None, question, desk.search(question, max(1, min(int(k), MOST_RESULTS))))

    def verify(text: str) -> dict[str, Any]:
        """Hold a text, sentence by sentence, against the documents: what supports each, or why nothing does."""
        return jsonform.verification(None, desk.verify(text))

    return ask, search, verify


def add_endpoints(page: gr.Blocks, desk: Desk) -> None:
    """Add the functions to the Gradio app that is being built."""
    import gradio as gr

    _name_what_is_missing(page)
    for call in calls(desk):
        told = _told(call, lambda error: gr.Error(str(error), print_exception=False))
        gr.api(  # type: ignore[attr-defined]
            _forgetful(told), api_name=call.__name__, api_description=call.__doc__, concurrency_limit=AT_ONCE
        )


def _name_what_is_missing(page: gr.Blocks) -> None:
    """Tell a program that leaves out an argument; Gradio would tell it nothing, and print the question."""
    import gradio as gr

    check = page.validate_inputs

    def validate_inputs(block_fn: Any, inputs: list[Any]) -> None:  # noqa: ANN401 - Gradio's own
        try:
            check(block_fn, inputs)
        except ValueError:
            wanted = ", ".join(inspect.signature(block_fn.fn).parameters)
            raise gr.Error(f"{block_fn.name} takes ({wanted}); give them all", print_exception=False) from None

    page.validate_inputs = validate_inputs  # type: ignore[method-assign]


def _forgetful(call: Call) -> Call:
    """The same, leaving no session: of each, Gradio keeps 100 kB, and a call that names none gets one of its own."""
    from gradio.context import LocalContext

    @functools.wraps(call)
    def forgetful(*given: object, **named: object) -> dict[str, Any]:
        try:
            return call(*given, **named)
        finally:
            request, page = LocalContext.request.get(None), LocalContext.blocks.get(None)
            if page and request and request.session_hash:
                page.state_holder.session_data.pop(request.session_hash, None)
                page.state_holder.time_last_used.pop(request.session_hash, None)

    return forgetful


def serve_tools(desk: Desk) -> None:
    """Serve the functions as tools over standard input and output, until the input ends."""
    from mcp.server import MCPServer
    from mcp.server.mcpserver.exceptions import ToolError

    instructions = "Answers from the user's own documents, with exact citations."
    server = MCPServer("polycite", instructions=instructions, log_level="ERROR")
    for call in calls(desk):
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
