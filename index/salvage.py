"""A damaged SQLite file makes room for a new one; it is never deleted."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from index.audit import Audit
from index.database import CHROMA, FILE_NAME
from index.datadir import is_passing
from index.errors import IndexFormatError, IndexMissingError


def soundness(data_dir: Path) -> str | None:
    """Read the whole file; returns what is wrong with it, or None."""
    try:
        with closing(Audit.open(data_dir)) as audit:
            return audit.soundness()
    except IndexMissingError:
        return None  # there is nothing in it that could be damaged
    except sqlite3.Error as error:
        if is_passing(error):
            raise
        return str(error)
    except (IndexFormatError, ValueError) as error:  # another format; values that are none
        return str(error)


def set_aside_if_damaged(data_dir: Path) -> Path | None:
    """Move a damaged file out of the way; returns where it is now."""
    path = data_dir / FILE_NAME
    if not path.exists() or soundness(data_dir) is None:
        return None
    number = 1
    while (aside := data_dir / f"{FILE_NAME}.aside-{number}").exists():
        number += 1
    # The log first: beside a new file it could be taken for that one's.
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    shutil.rmtree(data_dir / CHROMA, ignore_errors=True)  # it was made from that file
    return aside
