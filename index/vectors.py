"""Chroma: chunk vectors, to be searched.

A generation is a folder of its own, written once and then only read, because one Chroma path is not safe between
processes: readers never have a writer beside them, and a writer that dies leaves only a folder that nobody reads.

Chroma's native code ends the process, or finds the wrong things, on damaged files. So a folder is compared with its
manifest before Chroma sees it. The files do not change any more: all vectors are written out when the folder is made (a
lone deletion stays in the log), and what Chroma writes to its SQLite file whenever it opens it, it writes to a copy.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from index.database import CHROMA
from index.errors import PolyciteError, VectorsDamagedError
from index.manifest import Manifest
from index.types import FloatArray

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration, UpdateHNSWConfiguration

_SQLITE = "chroma.sqlite3"
_COLLECTION = "chunks"
_BATCH = 2000  # one call takes at most 5,461 items
# Wide and searched thoroughly, since what the graph misses the documents seem not to say; built by one thread, so that
# the same vectors always give the same graph.
HNSW: CreateHNSWConfiguration = {
    "space": "cosine",
    "max_neighbors": 32,
    "ef_construction": 400,
    "ef_search": 350,
    "num_threads": 1,
}
_MEND = "run 'polycite index' on your folder to build it again"
# Beyond this share of changed chunks a new graph is made: what is deleted stays in Chroma's as a node without a chunk.
MOST_CHANGED = 0.2
_LEAST_SYNC = 2  # Chroma writes its graph out after so many items at the earliest

Batches = Callable[[], Iterable[tuple[list[int], FloatArray]]]  # chunk ids with unit vectors (n, d), from the start


def generation_folder(data_dir: Path, generation: int) -> Path:
    """Where a generation lives."""
    return data_dir / CHROMA / f"{generation:06d}"


def build(folder: Path, wanted: set[int], batches: Batches, previous: tuple[Path, Manifest] | None = None) -> Manifest:
    """Write a generation of the ``wanted`` chunks, whose vectors ``batches`` gives.

    A folder left by a run that died is replaced. A ``previous`` generation, sound and with the same vector for each
    chunk that it shares with this one, is copied and brought up to date, unless too much of it changed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with _faults(folder):
        present = _ids(*previous) if previous else set()
        removed = previous[1].removed + len(present - wanted) if previous else 0
        if previous and present and not is_much(removed, len(wanted - present), len(wanted)):
            shutil.copytree(previous[0], folder)
        else:
            folder.mkdir(parents=True)
            present, removed = set(), 0
        _write(folder, batches, present, wanted)
    with closing(sqlite3.connect(folder / _SQLITE, isolation_level=None)) as database:
        database.execute("VACUUM")  # the log of vectors that it held is not needed any more
    return Manifest.of(folder, len(wanted), removed)


def is_much(removed: int, new: int, wanted: int) -> bool:
    """Whether so much has changed since a graph of now ``wanted`` vectors was made that it is made anew."""
    return removed + new > MOST_CHANGED * wanted


def _ids(folder: Path, manifest: Manifest) -> set[int]:
    with closing(VectorSearch(folder, manifest)) as search:
        return set(search.ids())


def _write(folder: Path, batches: Batches, present: set[int], wanted: set[int]) -> None:
    """Make ``wanted`` of the ``present`` chunks; Chroma writes its graph out once, when the last change is in."""
    gone = [str(chunk) for chunk in sorted(present - wanted)]
    new = wanted - present
    least: UpdateHNSWConfiguration = {"sync_threshold": max(len(gone) + len(new), _LEAST_SYNC)}
    with closing(_client(folder)) as client:
        if present:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # that no embedding function is stored
                client.get_collection(_COLLECTION, embedding_function=None).modify(configuration={"hnsw": least})
        else:
            hnsw: CreateHNSWConfiguration = {**HNSW, **least}
            client.create_collection(_COLLECTION, embedding_function=None, configuration={"hnsw": hnsw})
    with closing(_client(folder)) as client:  # it reads its configuration when it opens
        collection = client.get_collection(_COLLECTION, embedding_function=None)
        for start in range(0, len(gone), _BATCH):
            collection.delete(ids=gone[start : start + _BATCH])
        for ids, vectors in batches():
            rows = [number for number, chunk in enumerate(ids) if chunk in new]
            for start in range(0, len(rows), _BATCH):
                batch = rows[start : start + _BATCH]
                for _ in range(_LEAST_SYNC if len(gone) + len(new) == 1 else 1):
                    collection.upsert(ids=[str(ids[number]) for number in batch], embeddings=vectors[batch])


def remove_others(data_dir: Path, keep: Iterable[int]) -> None:
    """Delete the folders of all generations but these."""
    kept = {generation_folder(data_dir, generation) for generation in keep}
    for folder in (data_dir / CHROMA).glob("*"):
        if folder not in kept:
            shutil.rmtree(folder, ignore_errors=True)


class VectorSearch:
    """A generation, open for reading. Safe across threads."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Raises VectorsDamagedError where the folder is not what the manifest says."""
        self._folder = folder
        self._count = manifest.count
        with ExitStack() as stack:
            view = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="polycite-")))
            with _faults(folder):
                fault = manifest.fault(folder)
                if fault:
                    raise VectorsDamagedError(f"{fault}; {_MEND}")
                _make_view(folder, view)
                client = stack.enter_context(closing(_client(view)))
                self._collection = client.get_collection(_COLLECTION, embedding_function=None)
                found = self._collection.count()
                if found != self._count:
                    raise VectorsDamagedError(f"{folder} holds {found:,} vectors instead of {self._count:,}; {_MEND}")
            self._open = stack.pop_all()

    def nearest(self, vector: FloatArray, limit: int) -> list[int]:
        """Find the ids of the ``limit`` chunks with the highest cosine to ``vector`` (d,), best first."""
        wanted = min(limit, self._count)
        if wanted == 0:
            return []
        with _faults(self._folder):
            found = self._collection.query(query_embeddings=vector[np.newaxis, :], n_results=wanted, include=[])
        return [int(chunk) for chunk in found["ids"][0]]

    def ids(self) -> list[int]:
        """All chunks that it holds."""
        with _faults(self._folder):
            return [int(chunk) for chunk in self._collection.get(include=[])["ids"]]

    def close(self) -> None:
        """Let go of the files."""
        self._open.close()


def _make_view(folder: Path, view: Path) -> None:
    """Lay out a folder for Chroma to open: its SQLite file, which it writes to, as a copy; the rest as links."""
    for path in folder.resolve().iterdir():
        if path.name == _SQLITE:
            shutil.copyfile(path, view / path.name)
        else:
            (view / path.name).symlink_to(path)


@contextmanager
def _faults(folder: Path) -> Iterator[None]:
    """Turn what Chroma raises into one error that says what to do."""
    try:
        yield
    except FileNotFoundError as error:  # deleted just now: two generations have been published since
        raise VectorsDamagedError(f"{error.filename} is missing; {_MEND}") from error
    except (PolyciteError, sqlite3.Error, OSError):
        raise  # not Chroma's
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise VectorsDamagedError(f"{folder}: {reason}; {_MEND}") from error


def _client(folder: Path) -> Client:
    import chromadb  # half a second of imports, which reading the store alone does not need
    from chromadb.config import Settings

    client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
    return cast("Client", client)  # declared as its interface, which has no close()
