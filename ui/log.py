"""The log of a server: one JSON line on standard error for its start, each question and its end.

No line holds a text of a question or a document, or a document's name, unless the setting log_texts asks for them.
"""

from __future__ import annotations

import logging
import re
import traceback
from pathlib import Path

from pythonjsonlogger.json import JsonFormatter

from index.errors import PolyciteError

LOG = logging.getLogger("polycite")

_URL = re.compile(r"https?://\S+")
_MAY_HOLD_TEXT = re.compile(r""": |["'“„«‘(]|\S*[/\\]|\S+\.[A-Za-z]""")  # what follows; a path, a name with a suffix


def start_log() -> None:
    """Have what this process logs go to standard error, one JSON object a line."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter("{message}", style="{", rename_fields={"message": "event"}, timestamp="time"))
    LOG.handlers = [handler]
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


def beginning(message: str) -> str:
    """A message of polycite's own, up to where it may hold a text or name a file."""
    return _MAY_HOLD_TEXT.split(_URL.sub("URL", message), maxsplit=1)[0].strip()


def described(error: Exception) -> dict[str, str]:
    """What a line says of an error; of one that nobody foresaw the place in the code, since any text may be in it."""
    kind = type(error).__name__
    if isinstance(error, PolyciteError):
        return {"type": kind, "message": beginning(str(error))}
    frames = traceback.extract_tb(error.__traceback__)
    return {"type": kind, "at": f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}"}
