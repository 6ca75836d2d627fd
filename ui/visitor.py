"""What the panels of the page share: the visitor's language, assets, and how a document is opened."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import gradio as gr

from ui import markup
from ui.library import Library
from ui.words import Words, of_browser

PRIVATE: dict[str, Any] = {"api_visibility": "private"}  # an event of the page, not an endpoint for programs


def words_of(request: gr.Request) -> Words:
    """The page's words in the language of the visitor's browser."""
    return of_browser(request.headers.get("accept-language"))


def asset(name: str) -> str:
    """A file of ui/assets."""
    return files("ui").joinpath("assets", name).read_text(encoding="utf-8")


def update(**properties: Any) -> dict[str, Any]:  # noqa: ANN401
    """New properties of a component."""
    changed: dict[str, Any] = gr.update(**properties)
    return changed


def opener(library: Library) -> Callable[[list[Any]], str]:
    """What the page calls to open a document; Gradio takes no methods here."""

    def open_document(asked: list[Any]) -> str:
        """A document of the index with a part marked: [id, start, end, the browser's language]."""
        doc_id, start, end, language = asked
        say = of_browser(str(language))
        found = library.document(str(doc_id))
        if found is None:
            return f"<p>{markup.lines(say('state_gone'))}</p>"
        return markup.document(found, max(0, int(start)), max(0, int(end)), say)

    return open_document
