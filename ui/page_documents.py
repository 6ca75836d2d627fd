"""The documents: what is there, and adding, removing and reading them again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from index import IndexReport
from index.errors import IndexBusyError, PolyciteError
from index.readers import SUFFIXES
from ui import markup
from ui.library import Library
from ui.visitor import PRIVATE, asset, opener, update, words_of
from ui.words import Words

MOST_FILES = 50  # that may be added at once


class DocumentsPanel:
    """The table of documents and what changes it."""

    def __init__(self, library: Library, i18n: gr.I18n, tab: gr.Tab, languages: gr.CheckboxGroup) -> None:
        """Lay it out in the tab that is open; ``languages`` offers those that the documents are in."""
        self.library = library
        upload = gr.File(
            file_count="multiple", file_types=list(SUFFIXES), label=i18n("upload_label"), elem_id="upload", height=140
        )
        news = gr.HTML(elem_id="news")
        again = gr.Button(i18n("reindex"), size="sm")
        self.table = gr.HTML(js_on_load=asset("page.js"), server_functions=[opener(self.library)], elem_id="documents")
        outputs = [news, self.table, languages]
        upload.upload(self.add, [upload], [upload, *outputs], **PRIVATE)
        again.click(self.refresh, outputs=outputs, **PRIVATE)
        self.table.delete(self.remove, outputs=outputs, **PRIVATE)
        tab.select(self.show, outputs=outputs[1:], **PRIVATE)

    def show(self, request: gr.Request) -> tuple[str, Any]:
        """The table, and the languages that can be searched."""
        try:
            summaries = self.library.summaries()
        except PolyciteError as error:
            return markup.notice(str(error)), update()
        table = markup.documents(summaries, self.library.gone(), words_of(request))
        return table, update(choices=sorted({item.language for item in summaries}))

    def add(
        self,
        uploaded: list[str] | None,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[None, str, str, Any]:
        """Keep and index uploaded files."""
        say = words_of(request)
        paths = [Path(name) for name in uploaded or []]
        if len(paths) > MOST_FILES:
            return (None, markup.notice(say("too_many", n=MOST_FILES)), *self.show(request))
        news = self._written(lambda: [self.library.add(paths, _bar(progress, say("adding")))], say)
        for path in paths:  # Gradio's copies
            path.unlink(missing_ok=True)
        return (None, news, *self.show(request))

    def refresh(
        self,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[str, str, Any]:
        """Read the folders again."""
        say = words_of(request)
        news = self._written(lambda: self.library.refresh(_bar(progress, say("adding"))), say)
        return (news, *self.show(request))

    def remove(self, event: gr.EventData, request: gr.Request) -> tuple[str, str, Any]:
        """Take a document out of the index."""
        say = words_of(request)

        def removed() -> list[IndexReport]:
            self.library.remove(event.source)
            return [IndexReport(removed=[event.source])]

        return (self._written(removed, say), *self.show(request))

    def _written(self, write: Callable[[], list[IndexReport]], say: Words) -> str:
        """What a change of the index did, or why it could not be done."""
        try:
            reports = write()
        except IndexBusyError:
            return markup.notice(say("busy"))
        except (PolyciteError, OSError) as error:
            return markup.notice(str(error))
        counts = [
            say(key, n=number)
            for key in ("added", "changed", "removed", "unchanged")
            if (number := sum(len(getattr(report, key)) for report in reports))
        ]
        skipped = [say("skipped", name=name, why=why) for report in reports for name, why in report.skipped]
        return "".join(markup.notice(line) for line in [", ".join(counts), *skipped] if line)


def _bar(progress: gr.Progress, step: str) -> Callable[[int, int], None]:
    return lambda done, total: progress((done, total), desc=step, unit="B")
