"""The page in the browser, a Gradio app: a conversation beside its evidence, the documents, endpoints for programs."""

from __future__ import annotations

from typing import Any, cast

import gradio as gr

from index import Settings
from ui import markup
from ui.desk import Desk
from ui.library import Library
from ui.page_chat import ChatPanel
from ui.page_documents import DocumentsPanel
from ui.programs import add_endpoints
from ui.visitor import PRIVATE, words_of
from ui.words import tables

_LOCALES = {"zh-Hans": ("zh", "zh-CN", "zh-SG", "zh-Hans"), "zh-Hant": ("zh-TW", "zh-HK", "zh-MO", "zh-Hant")}


def build(library: Library, desk: Desk, settings: Settings) -> gr.Blocks:
    """Lay out the page and say what each of its parts does."""
    i18n = translations()
    with gr.Blocks(title="polycite", analytics_enabled=False, fill_height=True, delete_cache=(3600, 3600)) as page:
        head = gr.HTML(elem_classes="pc-head")
        with gr.Tabs():
            with gr.Tab(i18n("tab_ask")), gr.Row():
                with gr.Column(scale=3, min_width=320):
                    chat = ChatPanel(library, desk, settings, i18n)
                with gr.Column(scale=2, min_width=320):
                    chat.evidence.render()  # type: ignore[no-untyped-call]
            with gr.Tab(i18n("tab_documents")) as tab:
                documents = DocumentsPanel(library, i18n, tab, chat.languages)

        def greet(request: gr.Request) -> tuple[Any, ...]:
            """Fill the page in the visitor's language."""
            say = words_of(request)
            title = f"<h1>polycite</h1><p>{markup.lines(say('tagline'))}</p>"
            return (title, chat.quotes([], say), *documents.show(request), chat.choices(say))

        filled = [head, chat.evidence, documents.table, chat.languages, chat.who]
        page.load(greet, outputs=filled, show_progress="hidden", **PRIVATE)
        add_endpoints(page, desk)
    return cast("gr.Blocks", page)


def translations() -> gr.I18n:
    """The page's words for Gradio, which picks them by the browser's language."""
    return gr.I18n(
        **{
            locale: dict(words)
            for language, words in tables().items()
            for locale in _LOCALES.get(language, (language,))
        }
    )
