"""The SQLite file: its schema, how it is opened, and what holds for every table: transactions, meta values."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Self

from index.errors import DataDirError, IndexFormatError, IndexMissingError

FORMAT = 3
FILE_NAME = "polycite.sqlite3"
CHROMA = "chroma"  # the folder beside it, which is made from it
MEND = "'polycite index FOLDER --rebuild', which moves the file aside and indexes again"

_LOG = f"{FILE_NAME}-wal"
_IMMUTABLE = "ro&immutable=1"

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE folders (path TEXT PRIMARY KEY, prefix TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE left_out (source TEXT PRIMARY KEY, sha256 TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL, prefix TEXT NOT NULL, sha256 TEXT NOT NULL, language TEXT NOT NULL, text TEXT NOT NULL,
    read_as TEXT NOT NULL, pages TEXT NOT NULL,
    added INTEGER NOT NULL, removed INTEGER
);
CREATE UNIQUE INDEX latest_documents ON documents (source) WHERE removed IS NULL;
CREATE TABLE vectors (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL);
CREATE TABLE sentences (
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    ordinal INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    vector INTEGER NOT NULL REFERENCES vectors,
    PRIMARY KEY (document, ordinal)
) WITHOUT ROWID;
CREATE INDEX sentences_of_vector ON sentences (vector);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    first INTEGER NOT NULL, last INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    tokens INTEGER NOT NULL, text TEXT NOT NULL, vector INTEGER NOT NULL REFERENCES vectors
);
CREATE INDEX chunks_of_document ON chunks (document);
CREATE INDEX chunks_of_vector ON chunks (vector);
"""


class Database:
    """One connection to the SQLite file; use it from one thread."""

    READING: ClassVar[str] = "rw"  # SQLite's mode for ``open`` where there is a write-ahead log

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._seen: tuple[int, ...] = ()

    @classmethod
    def create(cls, data_dir: Path) -> Self:
        """Open the file for writing; make it where it is missing."""
        return cls._opened(data_dir, "rwc", cls._fill)

    @classmethod
    def open(cls, data_dir: Path) -> Self:
        """Open an existing file.

        Raises:
            IndexMissingError: nothing was ever written to it.
            DataDirError: it is of another format.
        """
        mode, seen = _reading_mode(data_dir, cls.READING), _state(data_dir)
        try:
            self = cls._opened(data_dir, mode, lambda self: _refuse_blank(data_dir))
        except sqlite3.OperationalError:
            log = data_dir / _LOG
            if log.exists() and log.stat().st_size:
                raise
            mode = _IMMUTABLE  # the disk may be full: then no log can be begun, but all that there is can be read
            self = cls._opened(data_dir, mode, lambda self: _refuse_blank(data_dir))
        # Told that nobody writes, SQLite sees no change at all; else only another file in its place escapes it.
        self._seen = seen if _IMMUTABLE in mode else seen[:1]
        return self

    def is_outdated(self, data_dir: Path) -> bool:
        """Whether the file has changed in a way that this connection cannot see.

        Raises:
            IndexMissingError: it is gone.
        """
        try:
            return self._seen != _state(data_dir)[: len(self._seen)]
        except FileNotFoundError as error:
            raise IndexMissingError(
                f"{data_dir} was removed while it was in use; put it back, or run "
                f"'polycite index FOLDER --data-dir {data_dir}'"
            ) from error

    @classmethod
    def _opened(cls, data_dir: Path, mode: str, when_blank: Callable[[Self], None]) -> Self:
        self = cls(connect(data_dir / FILE_NAME, mode))
        try:
            if self._is_blank():
                if (data_dir / CHROMA).exists():
                    raise sqlite3.DatabaseError("it is empty")
                when_blank(self)
            self._check_format(data_dir)
        except BaseException as error:
            self.close()
            if isinstance(error, UnicodeDecodeError):  # SQLite quotes what it cannot read of the schema
                raise sqlite3.DatabaseError("malformed database schema") from error
            raise
        return self

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def _is_blank(self) -> bool:
        return bool(self._db.execute("SELECT count(*) = 0 FROM sqlite_master").fetchone()[0])

    def _fill(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(
            f"BEGIN; {_SCHEMA} INSERT INTO meta VALUES ('format', '{FORMAT}'), ('generation', '0'); COMMIT;"
        )

    def _check_format(self, data_dir: Path) -> None:
        found = self.meta("format")
        if found != FORMAT:
            raise IndexFormatError(
                f"{data_dir} was made by another version of polycite (format {found}, this one reads {FORMAT}); "
                f"run {MEND}"
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything done within, or nothing; a reader sees one moment of the file throughout."""
        self._db.execute("BEGIN")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # SQLite itself ends it when the disk is full
                self._db.execute("ROLLBACK")
            raise

    def meta(self, key: str) -> object:
        """Read a value that ``set_meta`` wrote, or None."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        try:
            return json.loads(row[0]) if row else None
        except ValueError as error:
            raise sqlite3.DatabaseError(f"the value of {key} is not JSON") from error

    def set_meta(self, key: str, value: object) -> None:
        """Write a JSON value."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value, sort_keys=True)))

    @property
    def generation(self) -> int:
        """Number of the generation that readers see; 0 before the first."""
        value = self.meta("generation")
        return value if isinstance(value, int) else 0


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open the file in one of SQLite's modes; raises DataDirError where that is not allowed."""
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


def _reading_mode(data_dir: Path, with_log: str) -> str:
    """How SQLite can open a file with a write-ahead log for reading: it wants to keep a log even then."""
    log = (data_dir / _LOG).exists()
    if os.access(data_dir, os.W_OK):
        return with_log if log else "rw"
    # In a directory that it may not write to it needs a log that is there already, or the word that nobody writes.
    return "ro" if log else _IMMUTABLE


def _state(data_dir: Path) -> tuple[int, int, int]:
    """Which file it is, then what its content changes."""
    status = (data_dir / FILE_NAME).stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _refuse_blank(data_dir: Path) -> None:
    raise IndexMissingError(f"nothing is indexed in {data_dir} yet; run 'polycite index FOLDER --data-dir {data_dir}'")
