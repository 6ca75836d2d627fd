"""The data directory: where it is, and who may write to it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from index.database import FILE_NAME, MEND
from index.errors import DataDirError, IndexBusyError, IndexMissingError

NAME = ".polycite"
LOCK = "lock"

_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
_LOOKS, _LOOK_S = 10, 0.02

_CHECK = "check free space and permissions, then run this again"


def beside(folder: Path) -> Path:
    """Where a folder's index goes by default."""
    return folder.resolve().parent / NAME


def make(data_dir: Path) -> None:
    """Make the directory if it is not there, for its owner alone: it holds the documents' text."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)


def find(data_dir: Path | None, start: Path) -> Path:
    """Find the index to read: ``data_dir`` if given, else the nearest ``.polycite`` at or above ``start``.

    Raises:
        IndexMissingError: there is none.
        DataDirError: ``data_dir`` is a file or closed to this user, or the nearest ``.polycite`` is another user's, who
            may have put it there to be found.
    """
    if data_dir is not None:
        if data_dir.exists() and not data_dir.is_dir():
            raise DataDirError(f"{data_dir} is a file, not a folder; name another with --data-dir")
        if not _holds_index(data_dir):
            raise IndexMissingError(
                f"no index in {data_dir}; make one with 'polycite index FOLDER --data-dir {data_dir}'"
            )
        return data_dir
    for place in (start, *start.parents):
        found = place / NAME
        if not _holds_index(found):
            continue
        if found.stat().st_uid != os.geteuid():
            raise DataDirError(f"{found} belongs to another user; if you trust it, name it with --data-dir {found}")
        return found
    raise IndexMissingError(f"no index in {start / NAME} or above; make one with 'polycite index FOLDER'")


def _holds_index(folder: Path) -> bool:
    try:
        return (folder / FILE_NAME).exists()
    except PermissionError as error:
        raise DataDirError(
            f"{folder} is closed to you: permission denied; ask its owner, or name another with --data-dir"
        ) from error


def holder(data_dir: Path) -> str | None:
    """Who is writing just now: "process N since HH:MM:SS", or None."""
    try:
        with (data_dir / LOCK).open(encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return lock.read().strip() or "another process"
    except OSError:  # nobody has written yet, or it cannot be read
        pass
    return None


@contextmanager
def writer(data_dir: Path) -> Iterator[None]:
    """Hold the right to write; it ends with the process, however that ends.

    Raises:
        DataDirError: the directory cannot be made or written to.
        IndexBusyError: another process holds it; the message says which.
    """
    try:
        make(data_dir)
        lock = (data_dir / LOCK).open("a+", encoding="utf-8")
    except (FileExistsError, NotADirectoryError) as error:
        raise DataDirError(f"{data_dir} is a file, not a folder; name another with --data-dir") from error
    except OSError as error:
        raise DataDirError(
            f"{data_dir} cannot be written to: {error.strerror}; name another with --data-dir"
        ) from error
    with lock:
        if not _locked(lock):
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            raise IndexBusyError(f"{data_dir} is being written by {holder}; run this again when it has ended")
        lock.truncate(0)
        lock.write(f"process {os.getpid()} since {datetime.now():%H:%M:%S}")
        lock.flush()
        yield


def _locked(lock: TextIO) -> bool:
    """Take the lock, waiting for as long as somebody may be looking who holds it (see ``holder``)."""
    for _ in range(_LOOKS):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOOK_S)
        else:
            return True
    return False


@contextmanager
def storage_faults(data_dir: Path) -> Iterator[None]:
    """Turn the faults of SQLite and of the disk into one DataDirError that says what to do."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # used after it was closed
    except sqlite3.Error as error:
        if is_passing(error):
            raise DataDirError(f"{data_dir / FILE_NAME}: {error}; {_CHECK}") from error
        raise damaged(data_dir, str(error)) from error
    except OSError as error:
        raise DataDirError(f"{data_dir}: {error.strerror or error}; {_CHECK}") from error


def damaged(data_dir: Path, reason: str) -> DataDirError:
    """The fault of a damaged SQLite file."""
    return DataDirError(f"{data_dir / FILE_NAME} is damaged ({reason}); run {MEND}")


def is_passing(error: sqlite3.Error) -> bool:
    """Whether the surroundings are at fault (a full disk, a lock, permissions), not what the file holds."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code != sqlite3.SQLITE_IOERR_SHORT_READ and code & 0xFF in _PASSING
