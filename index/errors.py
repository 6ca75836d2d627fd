"""The one tree of errors that polycite raises on purpose.

Each message is one line that says what is wrong and, where there is one, the next step to take.
"""

from __future__ import annotations


class PolyciteError(Exception):
    """A fault that a person can act on; the message is one line, whatever names of a stranger's are quoted in it."""

    def __str__(self) -> str:
        return " ".join(super().__str__().splitlines())


class UsageError(PolyciteError):
    """The request itself cannot be served as it stands (an empty question, an unknown document)."""


class SettingsError(UsageError):
    """A setting is unknown or out of range."""


class IndexMissingError(PolyciteError):
    """There is no index where one was expected."""


class IndexMismatchError(PolyciteError):
    """The index was made with other settings than the ones in force."""


class IndexBusyError(PolyciteError):
    """Another process is writing the index."""


class DataDirError(PolyciteError):
    """The data directory cannot be used (not a directory, not writable, damaged)."""


class VectorsDamagedError(DataDirError):
    """The current generation of Chroma's folder is missing or damaged; it can be rebuilt from SQLite."""


class IndexFormatError(DataDirError):
    """The index was made by another version of polycite."""


class ServerError(PolyciteError):
    """The Chroma server cannot be reached, or does not hold what it should."""


class ModelError(PolyciteError):
    """The language model cannot be started or asked."""
