"""SQLite: documents, sentences, chunks and all vectors; the one truth that everything else is rebuilt from.

Readers see generations. Every row says with which generation it came and with which it goes; a writer prepares
generation n+1, a transaction per document, while readers go on seeing n, and one commit makes n+1 current. A run that
is cut short leaves whole documents waiting in n+1, and the next run carries on from them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.errors import DataDirError, IndexMissingError
from index.types import Chunk, Document, FloatArray, Sentence

FORMAT = 1
FILE_NAME = "polycite.sqlite3"

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE folders (path TEXT PRIMARY KEY, prefix TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL, prefix TEXT NOT NULL, sha256 TEXT NOT NULL, language TEXT NOT NULL, text TEXT NOT NULL,
    recipe TEXT NOT NULL, added INTEGER NOT NULL, removed INTEGER
);
CREATE UNIQUE INDEX latest_documents ON documents (source) WHERE removed IS NULL;
CREATE TABLE sentences (
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    ordinal INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, vector BLOB NOT NULL,
    PRIMARY KEY (document, ordinal)
) WITHOUT ROWID;
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    first INTEGER NOT NULL, last INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    tokens INTEGER NOT NULL, text TEXT NOT NULL, vector BLOB NOT NULL
);
CREATE INDEX chunks_of_document ON chunks (document);
"""

_CURRENT = "documents.added <= :generation AND (documents.removed IS NULL OR documents.removed > :generation)"


@dataclass(frozen=True, slots=True)
class Embedded:
    """A document's sentences and chunks with their vectors, row for row ((n, d), as the embedder gave them)."""

    sentences: Sequence[Sentence]
    chunks: Sequence[Chunk]
    sentence_vectors: FloatArray
    chunk_vectors: FloatArray


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as the search needs it: its document, its place and the sentences that it holds, with raw vectors."""

    id: int
    source: str
    language: str
    start: int
    end: int
    text: str
    tokens: int
    sentences: tuple[tuple[Sentence, str], ...]
    sentence_vectors: FloatArray


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """A line of ``polycite list``."""

    source: str
    language: str
    characters: int
    chunks: int


class Store:
    """One connection to the SQLite file; use it from one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @classmethod
    def create(cls, data_dir: Path) -> Store:
        """Open the store for writing; make the file where it is missing."""
        store = cls(_connect(data_dir / FILE_NAME, "rwc"))
        if store._is_blank(data_dir):
            store._db.execute("PRAGMA journal_mode = WAL")
            store._db.executescript(
                f"BEGIN; {_SCHEMA} INSERT INTO meta VALUES ('format', '{FORMAT}'), ('generation', '0'); COMMIT;"
            )
        store._check_format(data_dir)
        return store

    @classmethod
    def open(cls, data_dir: Path) -> Store:
        """Open an existing store; raises DataDirError when the file is damaged or of another format."""
        store = cls(_connect(data_dir / FILE_NAME, "rw"))
        if store._is_blank(data_dir):
            store.close()
            raise IndexMissingError(
                f"nothing is indexed in {data_dir} yet; run 'polycite index FOLDER --data-dir {data_dir}'"
            )
        store._check_format(data_dir)
        return store

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def _is_blank(self, data_dir: Path) -> bool:
        try:
            return bool(self._db.execute("SELECT count(*) = 0 FROM sqlite_master").fetchone()[0])
        except sqlite3.DatabaseError as error:
            raise DataDirError(
                f"{data_dir / FILE_NAME} is damaged ({error}); move {data_dir} away and index again"
            ) from error

    def _check_format(self, data_dir: Path) -> None:
        try:
            found = self.meta("format")
        except (sqlite3.DatabaseError, ValueError) as error:
            raise DataDirError(
                f"{data_dir / FILE_NAME} is damaged ({error}); move {data_dir} away and index again"
            ) from error
        if found != FORMAT:
            raise DataDirError(
                f"{data_dir} was made by another version of polycite (format {found}, this one reads {FORMAT}); "
                "move it away and index again"
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything done within, or nothing; a reader sees one moment of the store throughout."""
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def meta(self, key: str) -> object:
        """Read a value that ``set_meta`` wrote, or None."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def set_meta(self, key: str, value: object) -> None:
        """Write a JSON value."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value, sort_keys=True)))

    @property
    def generation(self) -> int:
        """Number of the generation that readers see; 0 before the first."""
        value = self.meta("generation")
        return value if isinstance(value, int) else 0

    # -- folders

    def folders(self) -> dict[str, str]:
        """The indexed folders: path relative to the data directory -> prefix of their documents' ids."""
        return dict(self._db.execute("SELECT path, prefix FROM folders ORDER BY path"))

    def add_folder(self, path: str, prefix: str) -> None:
        """Remember a folder."""
        self._db.execute("INSERT INTO folders VALUES (?, ?)", (path, prefix))

    # -- writing

    def latest(self, prefix: str | None = None) -> dict[str, tuple[str, str]]:
        """Source -> (sha256, recipe) of every latest document, published or waiting (of one folder's prefix)."""
        rows = self._db.execute(
            "SELECT source, sha256, recipe FROM documents WHERE removed IS NULL AND (:p IS NULL OR prefix = :p)",
            {"p": prefix},
        )
        return {source: (sha256, recipe) for source, sha256, recipe in rows}

    def latest_document(self, source: str) -> tuple[Document, str]:
        """The latest document of that name, and the prefix of its folder."""
        row = self._db.execute(
            "SELECT source, text, language, sha256, prefix FROM documents WHERE source = ? AND removed IS NULL",
            (source,),
        ).fetchone()
        return Document(*row[:4]), row[4]

    def known_vectors(self, source: str, recipe: str) -> dict[str, FloatArray]:
        """Text -> vector of the latest document's sentences and chunks, if made by this recipe."""
        row = self._db.execute(
            "SELECT id, text FROM documents WHERE source = ? AND recipe = ? AND removed IS NULL", (source, recipe)
        ).fetchone()
        if row is None:
            return {}
        parts = self._db.execute(
            'SELECT start, "end", vector FROM sentences WHERE document = :id '
            'UNION ALL SELECT start, "end", vector FROM chunks WHERE document = :id',
            {"id": row[0]},
        )
        return {row[1][start:end]: _unpack(blob) for start, end, blob in parts}

    def put(self, document: Document, prefix: str, recipe: str, embedded: Embedded) -> None:
        """Add a document to the next generation, in place of the one of that name."""
        with self.transaction():
            self._drop(document.id)
            row = self._db.execute(
                "INSERT INTO documents (source, prefix, sha256, language, text, recipe, added) VALUES (?,?,?,?,?,?,?)",
                (document.id, prefix, document.sha256, document.language, document.text, recipe, self.generation + 1),
            ).lastrowid
            self._db.executemany(
                "INSERT INTO sentences VALUES (?,?,?,?,?)",
                (
                    (row, ordinal, sentence.start, sentence.end, _pack(vector))
                    for ordinal, (sentence, vector) in enumerate(
                        zip(embedded.sentences, embedded.sentence_vectors, strict=True)
                    )
                ),
            )
            self._db.executemany(
                'INSERT INTO chunks (document, first, last, start, "end", tokens, text, vector) '
                "VALUES (?,?,?,?,?,?,?,?)",
                (
                    (
                        *(row, chunk.first, chunk.last, chunk.start, chunk.end, chunk.tokens),
                        *(chunk.of(document.text), _pack(vector)),
                    )
                    for chunk, vector in zip(embedded.chunks, embedded.chunk_vectors, strict=True)
                ),
            )

    def drop(self, source: str) -> None:
        """Leave a document out of the next generation."""
        with self.transaction():
            self._drop(source)

    def _drop(self, source: str) -> None:
        published = self.generation
        self._db.execute(
            "DELETE FROM documents WHERE source = ? AND removed IS NULL AND added > ?", (source, published)
        )
        self._db.execute(
            "UPDATE documents SET removed = ? WHERE source = ? AND removed IS NULL", (published + 1, source)
        )

    def has_unpublished(self) -> bool:
        """Whether the next generation differs from the current one."""
        row = self._db.execute(
            "SELECT EXISTS (SELECT 1 FROM documents WHERE added > :g OR removed > :g)", {"g": self.generation}
        ).fetchone()
        return bool(row[0])

    def publish(self, **meta: object) -> int:
        """Make the next generation current, with these meta values; returns its number."""
        with self.transaction():
            generation = self.generation + 1
            self.set_meta("generation", generation)
            for key, value in meta.items():
                self.set_meta(key, value)
        return generation

    def purge(self) -> None:
        """Delete the rows that no generation from the current one on holds."""
        with self.transaction():
            self._db.execute("DELETE FROM documents WHERE removed <= ?", (self.generation,))

    # -- reading

    def summaries(self) -> list[DocumentSummary]:
        """The documents of the current generation, by name."""
        rows = self._db.execute(
            "SELECT source, language, length(text), (SELECT count(*) FROM chunks WHERE document = documents.id) "
            f"FROM documents WHERE {_CURRENT} ORDER BY source",
            {"generation": self.generation},
        )
        return [DocumentSummary(*row) for row in rows]

    def document(self, source: str) -> Document | None:
        """A document of the current generation, or None."""
        row = self._db.execute(
            f"SELECT source, text, language, sha256 FROM documents WHERE source = :source AND {_CURRENT}",
            {"source": source, "generation": self.generation},
        ).fetchone()
        return Document(*row) if row else None

    def vectors(self, generation: int, batch: int = 2000) -> Iterator[tuple[list[int], FloatArray]]:
        """Chunk ids and raw chunk vectors (n, d) of a generation, in batches."""
        cursor = self._db.execute(
            f"SELECT chunks.id, vector FROM chunks JOIN documents ON documents.id = document WHERE {_CURRENT} "
            "ORDER BY chunks.id",
            {"generation": generation},
        )
        while rows := cursor.fetchmany(batch):
            yield [row[0] for row in rows], np.stack([_unpack(row[1]) for row in rows])

    def chunks(self, ids: Sequence[int]) -> list[StoredChunk]:
        """The chunks with these ids, in their order; an id that is gone is passed over."""
        found = (self._chunk(chunk_id) for chunk_id in ids)
        return [chunk for chunk in found if chunk is not None]

    def _chunk(self, chunk_id: int) -> StoredChunk | None:
        row = self._db.execute(
            'SELECT document, source, language, first, last, start, "end", chunks.text, tokens '
            "FROM chunks JOIN documents ON documents.id = document WHERE chunks.id = ?",
            (chunk_id,),
        ).fetchone()
        if row is None:
            return None
        document, source, language, first, last, start, end, text, tokens = row
        parts = self._db.execute(
            'SELECT start, "end", vector FROM sentences WHERE document = ? AND ordinal BETWEEN ? AND ? '
            "ORDER BY ordinal",
            (document, first, last),
        ).fetchall()
        return StoredChunk(
            chunk_id,
            source,
            language,
            start,
            end,
            text,
            tokens,
            tuple((Sentence(s, e), text[s - start : e - start]) for s, e, _ in parts),
            np.stack([_unpack(blob) for _, _, blob in parts]),
        )


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    try:
        # isolation_level=None: transactions are begun and ended here, in the open, never by the driver.
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=30,
            check_same_thread=False,
        )
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.OperationalError as error:
        raise DataDirError(
            f"{path} cannot be opened ({error}); check that you may read and write {path.parent}"
        ) from error
    return connection


def _pack(vector: FloatArray) -> bytes:
    return vector.astype("<f2").tobytes()  # half the size; moves a cosine by less than 1e-4


def _unpack(blob: bytes) -> FloatArray:
    return np.frombuffer(blob, "<f2").astype(np.float32)
