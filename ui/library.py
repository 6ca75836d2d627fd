"""The documents behind the page, and who answers from them; shared by all its visitors."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from index import IndexReport, Settings, index_folder
from index.errors import IndexMissingError, ServerError, UsageError
from index.indexer import Progress
from index.readers import SUFFIXES, File, SkippedFileError, read_bytes, to_document
from index.remove import remove_document
from index.store import DocumentSummary
from index.types import Document
from qa import Chatbot
from qa.models import choose_model

UPLOADS = "uploads"  # folder in the data directory; what visitors add is kept there


class Library:
    """An index that need not be there yet; safe across threads. Asking goes on while documents come and go."""

    def __init__(self, data_dir: Path, settings: Settings) -> None:
        """Open the index, if there is one.

        Raises:
            PolyciteError: it is damaged, or the settings name a model that is not there.
        """
        self.data_dir = data_dir
        self._settings = settings.model_copy(update={"data_dir": data_dir})
        self._uploads = data_dir / UPLOADS
        self.choice = choose_model(settings)
        self._bot: Chatbot | None = None
        self._opening = threading.Lock()
        self._writing = threading.Lock()
        with suppress(IndexMissingError):
            self.bot()

    def bot(self) -> Chatbot:
        """Who answers; raises IndexMissingError while there is nothing to answer from."""
        with self._opening:
            if self._bot is None:
                self._bot = Chatbot.with_settings(self._settings)
            return self._bot

    def stop_model(self) -> None:
        """Stop the model for good; answers that wait for it end with their quotes."""
        with self._opening:
            if self._bot:
                self._bot.stop_model()

    def close(self) -> None:
        """Stop the model and let go of the index."""
        with self._opening:
            if self._bot:
                self._bot.close()
                self._bot = None

    # -- reading

    def summaries(self) -> list[DocumentSummary]:
        """The documents, by id; none while there is no index."""
        try:
            return self.bot().index.documents()
        except IndexMissingError:
            return []

    def document(self, doc_id: str) -> Document | None:
        """A document with its text, or None; None as well where a server does not answer, which asking will say."""
        with suppress(IndexMissingError, ServerError):
            return self.bot().index.document(doc_id)
        return None

    def gone(self) -> frozenset[str]:
        """Ids of the documents whose file is not there any more."""
        with suppress(IndexMissingError):
            return frozenset(name for name, file in self.bot().index.files().items() if not file.is_file())
        return frozenset()

    # -- writing, one at a time

    def add(self, files: Sequence[Path], progress: Progress) -> IndexReport:
        """Keep copies of files, by their names, and index them; one of the same name is replaced.

        What cannot be read is skipped, and not kept.
        """
        self._refuse_shared()
        skipped: list[tuple[str, str]] = []
        with self._writing:
            self._uploads.mkdir(parents=True, exist_ok=True)
            for file in files:
                if reason := _fault(file, self._settings.max_file_mb * 1e6):
                    skipped.append((file.name, reason))
                else:
                    shutil.copyfile(file, self._uploads / file.name)
            if len(skipped) == len(files):
                return IndexReport(skipped=skipped)
            report = index_folder(self._uploads, self.data_dir, self._settings, progress=progress, all_of_it=True)
        report.skipped = skipped
        return report

    def remove(self, doc_id: str) -> None:
        """Take a document out of the index; a file that a visitor added is deleted, any other stays.

        Raises:
            UsageError: there is no such document.
        """
        self._refuse_shared()
        with self._writing:
            file = self.bot().index.files().get(doc_id)
            remove_document(self.data_dir, doc_id, self._settings)
            if file is not None and file.parent == self._uploads.resolve():
                file.unlink(missing_ok=True)

    def refresh(self, progress: Progress) -> list[IndexReport]:
        """Read all folders again."""
        self._refuse_shared()
        reports = []
        with self._writing:
            for folder in self.bot().index.folders():
                own = folder == self._uploads.resolve()
                with suppress(UsageError):  # a folder that is gone or empty stays as it was
                    reports.append(
                        index_folder(folder, self.data_dir, self._settings, progress=progress, all_of_it=own)
                    )
        return reports

    def _refuse_shared(self) -> None:
        if self._settings.chroma:
            raise UsageError(
                "these documents are shared by a server and come from elsewhere; add or remove them there, with "
                f"'polycite index FOLDER --chroma {self._settings.chroma}'"
            )


def _fault(file: Path, max_bytes: float) -> str:
    """Why a file cannot be a document; nothing if it can."""
    if file.suffix.lower() not in SUFFIXES or file.name.startswith("."):
        return f"its name does not end in {' or '.join(SUFFIXES)}"
    try:
        to_document(file.name, read_bytes(File(file.name, file, 0), file.parent, max_bytes))
    except SkippedFileError as reason:
        return str(reason)
    return ""
