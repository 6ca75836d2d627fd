"""Folder to index: what is new, changed or gone is worked out, embedded and published as one generation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from index.chunks import make_chunks
from index.datadir import find, storage_faults
from index.embedder import Embedder
from index.errors import UsageError
from index.publish import publish, space, tidy, writing
from index.readers import (
    SUFFIXES,
    File,
    SkippedFileError,
    UnreadableFileError,
    check_text,
    digest,
    find_files,
    read_bytes,
    to_document,
)
from index.recipe import check_recipe, recipe
from index.salvage import set_aside_if_damaged
from index.sentences import split_sentences
from index.settings import Settings
from index.share import sharing
from index.store import Store, content_key
from index.types import Document, Span

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding

BATCH = 128  # texts embedded between two commits: what a run that is cut short loses

Progress = Callable[[int, int], None]  # bytes of the folder's files done, bytes in all (about, within a file)


@dataclass
class IndexReport:
    """What a run found and did; documents by id, skipped files with the reason."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    embedded_texts: int = 0
    set_aside: Path | None = None  # where a damaged SQLite file is now


def index_folder(
    folder: Path,
    data_dir: Path,
    settings: Settings,
    *,
    embedder: BaseEmbedding | None = None,
    rebuild: bool = False,
    all_of_it: bool = False,
    vectors_from: Sequence[Path] = (),
    progress: Progress = lambda done, total: None,
) -> IndexReport:
    """Bring the index in ``data_dir`` up to date with ``folder``; other folders in it stay as they are.

    With ``rebuild``, documents that were embedded with other settings, of whatever folder, are embedded again, and a
    damaged SQLite file is moved aside first: the folder is then indexed from nothing.
    ``all_of_it`` takes in again what ``remove_document`` took out of this folder.
    ``vectors_from`` names other data directories; what they have vectors of is not embedded again.
    ``embedder`` takes the place of e5; its ``model_name`` says which vectors are its own.

    Raises:
        UsageError: no such folder, or nothing in it that can be read; the index is left as it was.
        IndexMismatchError: the index was made with other settings, and ``rebuild`` is not given.
        IndexBusyError, DataDirError: see ``index.datadir.writer``.
        ServerError: the Chroma server that is to share the index cannot be reached or used.
    """
    readable, skipped, unknown = _inspect(folder, settings)
    report = IndexReport(skipped=skipped)

    def prepare() -> None:
        report.set_aside = set_aside_if_damaged(data_dir) if rebuild else None

    with writing(data_dir, prepare) as store, sharing(store, settings, replace=rebuild):
        for other in vectors_from:
            _take_vectors(store, other)
        run = _Run(folder, data_dir, settings, store, Embedder(settings, embedder), progress, report)
        run.update(readable, unknown, rebuild=rebuild, all_of_it=all_of_it or rebuild)
    return report


def _take_vectors(store: Store, data_dir: Path) -> None:
    with storage_faults(data_dir), closing(Store.open(find(data_dir, data_dir))) as other:
        store.take_vectors(other)


def _inspect(folder: Path, settings: Settings) -> tuple[dict[File, str], list[tuple[str, str]], set[str]]:
    """Tell the files to read, with their digests, from those to skip, with the reasons.

    Last come the names of what cannot be read just now, files and, with a slash, folders: of these nothing is known.
    """
    readable: dict[File, str] = {}
    files, skipped = find_files(folder)
    unknown = {name for name, _ in skipped}
    for file in files:
        try:
            data = read_bytes(file, folder, settings.max_file_mb * 1e6)
            check_text(file.name, data)
            readable[file] = digest(data)
        except SkippedFileError as reason:
            skipped.append((file.name, str(reason)))
            if isinstance(reason, UnreadableFileError):
                unknown.add(file.name)
    if not readable:
        why = f"; the first was skipped: {skipped[0][0]!r}, {skipped[0][1]}" if skipped else ""
        raise UsageError(f"nothing to index in {folder} (it takes {' '.join(SUFFIXES)} files){why}")
    return readable, skipped, unknown


class _Run:
    """One run of the indexer, with the store open for writing."""

    def __init__(
        self,
        folder: Path,
        data_dir: Path,
        settings: Settings,
        store: Store,
        embedder: Embedder,
        progress: Progress,
        report: IndexReport,
    ) -> None:
        self.report = report
        self._folder = folder
        self._path = os.path.relpath(folder.resolve(), data_dir.resolve())
        self._data_dir = data_dir
        self._settings = settings
        self._store = store
        self._embedder = embedder
        self._progress = progress
        self._recipe = recipe(settings, embedder.name)
        self._done = self._total = 0
        self._taken: set[str] = set()  # ids of other folders' documents
        self._stale = False  # whether what is published was made with other settings
        self._put: set[str] = set()

    def update(self, readable: dict[File, str], unknown: set[str], *, rebuild: bool, all_of_it: bool) -> None:
        """Carry the folder over into the store and publish what changed."""
        published = cast("str | None", self._store.meta("recipe"))
        self._stale = published not in (None, self._recipe)
        if published and not rebuild:
            check_recipe(published, self._recipe)
        self._store.begin(self._path)
        prefix = self._prefix()
        before = self._store.latest(prefix)
        self._taken = self._store.latest().keys() - before.keys()
        left_out = {} if all_of_it else self._store.left_out()
        self._total = sum(file.size for file in readable)
        present = {prefix + name for name in unknown}
        for file, sha256 in readable.items():
            self._progress(self._done, self._total)
            if left_out.get(prefix + file.name) == sha256:
                self.report.skipped.append((file.name, "taken out by 'polycite remove'; --rebuild takes it in again"))
            else:
                if self._carry(file, sha256, prefix, before):
                    present.add(prefix + file.name)
            self._done += file.size
        self._progress(self._total, self._total)
        closed = tuple(prefix + name for name in unknown if name[-1] == "/")
        self._drop_missing(before, present, closed)
        if self._stale:
            self._renew()
        known = space(self._store).basis if self._store.generation else None
        shared = self._settings.chroma is not None
        publish(self._store, self._data_dir, self._embedder.basis(known), shared=shared, recipe=self._recipe)
        tidy(self._store, self._data_dir, self._path)

    def _prefix(self) -> str:
        """What the ids of this folder's documents begin with: nothing for the first folder, its name for another."""
        folders = self._store.folders()
        if self._path not in folders:
            name = self._folder.resolve().name
            folders[self._path] = _new_prefix(name, set(folders.values()), self._store.latest())
            self._store.add_folder(self._path, folders[self._path])
        return folders[self._path]

    def _carry(self, file: File, sha256: str, prefix: str, before: dict[str, str]) -> bool:
        """Take in a file, if it changed; whether its document, this one or the one before, stays in the index."""
        doc_id = prefix + file.name
        if doc_id not in before and doc_id in self._taken:
            self.report.skipped.append((file.name, f"another folder's document is named {doc_id} already; rename it"))
            return True
        if before.get(doc_id) == sha256 and not self._stale:
            self.report.unchanged.append(doc_id)
            return True
        try:
            data = read_bytes(file, self._folder, self._settings.max_file_mb * 1e6)
            document = to_document(doc_id, data)
        except SkippedFileError as reason:
            self.report.skipped.append((file.name, str(reason)))
            return isinstance(reason, UnreadableFileError)  # of that, nothing is known just now
        self._take_in(document, prefix)
        (self.report.changed if doc_id in before else self.report.added).append(doc_id)
        return True

    def _drop_missing(self, before: dict[str, str], present: set[str], closed: tuple[str, ...]) -> None:
        """Drop what is gone; what lies in a folder that cannot be listed just now stays as it was."""
        for doc_id in before.keys() - present:
            if not doc_id.startswith(closed):
                self._store.drop(doc_id)
                self.report.removed.append(doc_id)
        self.report.removed.sort()

    def _renew(self) -> None:
        """Embed again, from the stored text, what other settings made; the files may be elsewhere by now."""
        for doc_id in self._store.latest().keys() - self._put:
            self._take_in(*self._store.latest_document(doc_id))

    def _take_in(self, document: Document, prefix: str) -> None:
        budget, count = self._settings.chunk_tokens, self._embedder.count_tokens
        sentences = split_sentences(document.text, document.language, lambda piece: count(piece) <= budget)
        chunks = make_chunks(document.text, sentences, budget, count)
        self._embed(document.text, [*sentences, *chunks])
        self._store.put(document, prefix, sentences, chunks, self._embedder.name)
        self._put.add(document.id)

    def _embed(self, text: str, spans: Sequence[Span]) -> None:
        """Give every span's words a vector that is not known yet, a batch at a time, each kept at once."""
        by_key = {content_key(self._embedder.name, span.of(text)): span for span in spans}
        missing = self._store.missing_vectors(by_key)
        for start in range(0, len(missing), BATCH):
            keys = missing[start : start + BATCH]
            self._store.add_vectors(keys, self._embedder.passages([by_key[key].of(text) for key in keys]))
            self.report.embedded_texts += len(keys)
            self._progress(self._done + len(text) * start // len(missing), self._total)


def _new_prefix(name: str, taken: set[str], ids: Iterable[str]) -> str:
    if not taken:
        return ""
    number = 1
    ids = tuple(ids)
    while (prefix := f"{name}/" if number == 1 else f"{name}-{number}/") in taken or any(
        doc_id.startswith(prefix) for doc_id in ids
    ):
        number += 1
    return prefix
