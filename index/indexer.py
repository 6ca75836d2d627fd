"""Folder to index: what is new, changed or gone is worked out, embedded and published as one generation."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index import vectors
from index.chunks import make_chunks
from index.datadir import storage_faults, writer
from index.e5 import E5_MODEL
from index.errors import IndexMismatchError, UsageError
from index.neutral import basis_fingerprint, load_basis, neutral
from index.readers import SUFFIXES, File, SkippedFileError, decode, digest, find_files, read_bytes, to_document
from index.sentences import split_sentences
from index.settings import Settings
from index.store import Embedded, Store
from index.types import Document, FloatArray, Span

if TYPE_CHECKING:
    from index.embedding import E5Embedding

SPLITTER = 1  # raise it when sentences or chunks come out differently, so that an old index is seen to be old

BATCH = 512

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


def recipe(settings: Settings) -> str:
    """Everything that the vectors of a document depend on besides its text, as JSON."""
    parts = {"embedder": E5_MODEL, "chunk_tokens": settings.chunk_tokens, "splitter": SPLITTER}
    return json.dumps(parts, sort_keys=True)


def check_recipe(found: str, wanted: str) -> None:
    """Compare an index's recipe with the one in force.

    Raises:
        IndexMismatchError: they differ; the message names what does, and the command that mends it.
    """
    old, new = json.loads(found), json.loads(wanted)
    differing = ", ".join(f"{key} {old.get(key)} instead of {new[key]}" for key in new if old.get(key) != new[key])
    if differing:
        raise IndexMismatchError(
            f"the index was made with {differing}; run 'polycite index FOLDER --rebuild', or use its settings again"
        )


def index_folder(
    folder: Path,
    data_dir: Path,
    settings: Settings,
    *,
    rebuild: bool = False,
    progress: Progress = lambda done, total: None,
) -> IndexReport:
    """Bring the index in ``data_dir`` up to date with ``folder``; other folders in it stay as they are.

    With ``rebuild``, documents that were embedded with other settings, of whatever folder, are embedded again.

    Raises:
        UsageError: no such folder, or nothing in it that can be read; the index is left as it was.
        IndexMismatchError: the index was made with other settings, and ``rebuild`` is not given.
        IndexBusyError, DataDirError: see ``index.datadir.writer``.
    """
    readable, skipped = _inspect(folder, settings)
    with storage_faults(data_dir), writer(data_dir):
        store = Store.create(data_dir)
        try:
            run = _Run(folder, data_dir, settings, store, progress)
            run.report.skipped = skipped
            run.update(readable, {name for name, _ in skipped}, rebuild)
            return run.report
        finally:
            store.close()


def _inspect(folder: Path, settings: Settings) -> tuple[dict[File, str], list[tuple[str, str]]]:
    """Tell the files to read, with their digests, from those to skip, with the reasons."""
    readable: dict[File, str] = {}
    files, skipped = find_files(folder)
    for file in files:
        try:
            data = read_bytes(file, folder, settings.max_file_mb * 1e6)
            decode(data)
            readable[file] = digest(data)
        except SkippedFileError as reason:
            skipped.append((file.name, str(reason)))
    if not readable:
        why = f"; the first was skipped: {skipped[0][0]!r}, {skipped[0][1]}" if skipped else ""
        raise UsageError(f"nothing to index in {folder} (it takes {' and '.join(SUFFIXES)} files in UTF-8){why}")
    return readable, skipped


class _Run:
    """One run of the indexer, with the store open for writing."""

    def __init__(self, folder: Path, data_dir: Path, settings: Settings, store: Store, progress: Progress) -> None:
        self.report = IndexReport()
        self._folder = folder
        self._data_dir = data_dir
        self._settings = settings
        self._store = store
        self._progress = progress
        self._recipe = recipe(settings)
        self._done = self._total = 0
        self._taken: set[str] = set()  # ids of other folders' documents

    @cached_property
    def _embedder(self) -> E5Embedding:
        from index.embedding import E5Embedding  # two seconds of imports that an unchanged folder does not need

        return E5Embedding()

    def update(self, readable: dict[File, str], skipped: set[str], rebuild: bool) -> None:
        """Carry the folder over into the store and publish what changed."""
        if not rebuild:
            for _, old in self._store.latest().values():
                check_recipe(old, self._recipe)
        prefix = self._prefix()
        before = self._store.latest(prefix)
        self._taken = self._store.latest().keys() - before.keys()
        self._total = sum(file.size for file in readable)
        for file, sha256 in readable.items():
            self._progress(self._done, self._total)
            self._carry(file, sha256, prefix, before)
            self._done += file.size
        self._progress(self._total, self._total)
        present = {prefix + file.name for file in readable} | {prefix + name for name in skipped if name[-1] != "/"}
        closed = tuple(prefix + name for name in skipped if name[-1] == "/")
        self._drop_missing(before, present, closed)
        if rebuild:
            self._renew()
        self._publish()

    def _prefix(self) -> str:
        """What the ids of this folder's documents begin with: nothing for the first folder, its name for another."""
        path = os.path.relpath(self._folder.resolve(), self._data_dir.resolve())
        folders = self._store.folders()
        if path not in folders:
            folders[path] = _new_prefix(self._folder.resolve().name, set(folders.values()), self._store.latest())
            self._store.add_folder(path, folders[path])
        return folders[path]

    def _carry(self, file: File, sha256: str, prefix: str, before: dict[str, tuple[str, str]]) -> None:
        doc_id = prefix + file.name
        if doc_id not in before and doc_id in self._taken:
            self.report.skipped.append((file.name, f"another folder's document is named {doc_id} already; rename it"))
            return
        if before.get(doc_id) == (sha256, self._recipe):
            self.report.unchanged.append(doc_id)
            return
        try:
            data = read_bytes(file, self._folder, self._settings.max_file_mb * 1e6)
            document = to_document(doc_id, data)
        except SkippedFileError as reason:  # it changed since it was inspected
            self.report.skipped.append((file.name, str(reason)))
            return
        self._store.put(document, prefix, self._recipe, self._embed(document))
        (self.report.changed if doc_id in before else self.report.added).append(doc_id)

    def _drop_missing(self, before: dict[str, tuple[str, str]], present: set[str], closed: tuple[str, ...]) -> None:
        """Drop what is gone; what lies in a folder that cannot be listed just now stays as it was."""
        for doc_id in before.keys() - present:
            if not doc_id.startswith(closed):
                self._store.drop(doc_id)
                self.report.removed.append(doc_id)
        self.report.removed.sort()

    def _renew(self) -> None:
        """Embed again, from the stored text, what other settings made; the files may be elsewhere by now."""
        for doc_id, (_, old) in self._store.latest().items():
            if old != self._recipe:
                document, prefix = self._store.latest_document(doc_id)
                self._store.put(document, prefix, self._recipe, self._embed(document))

    def _embed(self, document: Document) -> Embedded:
        budget, count = self._settings.chunk_tokens, self._embedder.count_tokens
        text = document.text
        sentences = split_sentences(text, document.language, lambda piece: count(piece) <= budget)
        chunks = make_chunks(text, sentences, budget, count)
        known = self._store.known_vectors(document.id, self._recipe)
        texts = list(dict.fromkeys(span.of(text) for span in (*sentences, *chunks)))
        missing = [piece for piece in texts if piece not in known]
        for start in range(0, len(missing), BATCH):  # LlamaIndex's lists of floats take 30 bytes a number
            batch = missing[start : start + BATCH]
            known.update(
                zip(batch, np.asarray(self._embedder.get_text_embedding_batch(batch), np.float32), strict=True)
            )
            self._progress(self._done + len(text) * start // len(missing), self._total)
        self.report.embedded_texts += len(missing)
        return Embedded(sentences, chunks, _rows(known, text, sentences), _rows(known, text, chunks))

    def _publish(self) -> None:
        current = self._store.generation
        basis = basis_fingerprint()
        whole = vectors.generation_folder(self._data_dir, current).is_dir()
        if current and whole and not self._store.has_unpublished() and self._store.meta("basis") == basis:
            return
        following = current + 1
        rows = ((ids, neutral(raw, load_basis())) for ids, raw in self._store.vectors(following))
        vectors.build(vectors.generation_folder(self._data_dir, following), rows)
        self._store.publish(recipe=self._recipe, basis=basis)
        # A reader may still be in the generation before this one: it goes with the next run.
        vectors.remove_others(self._data_dir, keep=(current, following))
        self._store.purge()


def _rows(known: dict[str, FloatArray], text: str, spans: Sequence[Span]) -> FloatArray:
    return np.stack([known[span.of(text)] for span in spans])


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
