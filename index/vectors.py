"""Chroma: chunk vectors, to be searched.

A generation is a folder of its own, written once and then only read, because one Chroma path is not safe between
processes: readers never have a writer beside them, and a writer that dies leaves only a folder that nobody reads.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from index.errors import DataDirError, PolyciteError
from index.types import FloatArray

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration

FOLDER = "chroma"
_COLLECTION = "chunks"
_BATCH = 2000  # one call takes at most 5,461 items
# Wide and searched thoroughly, since what the graph misses the documents seem not to say; built by one thread, so that
# the same vectors always give the same graph.
_HNSW: CreateHNSWConfiguration = {
    "space": "cosine",
    "max_neighbors": 48,
    "ef_construction": 400,
    "ef_search": 400,
    "num_threads": 1,
}


def generation_folder(data_dir: Path, generation: int) -> Path:
    """Where a generation lives."""
    return data_dir / FOLDER / f"{generation:06d}"


def build(folder: Path, batches: Iterable[tuple[list[int], FloatArray]]) -> None:
    """Write a generation: chunk ids with unit vectors (n, d); of equal vectors only the first.

    A folder left by a run that died is replaced.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with _faults(folder), closing(_client(folder)) as client:
        collection = client.create_collection(_COLLECTION, embedding_function=None, configuration={"hnsw": _HNSW})
        seen: set[bytes] = set()
        for ids, vectors in batches:
            # Equal vectors crowd a graph index until others cannot be reached from them, so each is there once.
            first = [number for number, vector in enumerate(vectors) if not _seen(vector, seen)]
            for start in range(0, len(first), _BATCH):
                batch = first[start : start + _BATCH]
                collection.upsert(ids=[str(ids[number]) for number in batch], embeddings=vectors[batch])


def remove_others(data_dir: Path, keep: Iterable[int]) -> None:
    """Delete the folders of all generations but these."""
    kept = {generation_folder(data_dir, generation) for generation in keep}
    for folder in (data_dir / FOLDER).glob("*"):
        if folder not in kept:
            shutil.rmtree(folder, ignore_errors=True)


class VectorSearch:
    """A generation, open for reading. Safe across threads."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise DataDirError(f"{folder} is missing; run 'polycite index' on your folder to build it again")
        self._folder = folder
        with _faults(folder):
            self._client = _client(folder)
            try:
                self._collection = self._client.get_collection(_COLLECTION, embedding_function=None)
                self._count = self._collection.count()
            except BaseException:
                self._client.close()
                raise

    def nearest(self, vector: FloatArray, limit: int) -> list[tuple[int, float]]:
        """Find the ``limit`` chunks with the highest cosine to ``vector`` (d,): (chunk id, cosine), best first."""
        wanted = min(limit, self._count)
        if wanted == 0:
            return []
        asked = vector[np.newaxis, :]
        with _faults(self._folder):
            found = self._collection.query(query_embeddings=asked, n_results=wanted, include=["distances"])
        distances = found["distances"] or [[]]
        return [(int(chunk), 1.0 - distance) for chunk, distance in zip(found["ids"][0], distances[0], strict=True)]

    def close(self) -> None:
        """Let go of the folder's files."""
        self._client.close()


def _seen(vector: FloatArray, seen: set[bytes]) -> bool:
    key = hashlib.blake2b(vector.tobytes(), digest_size=16).digest()
    if key in seen:
        return True
    seen.add(key)
    return False


@contextmanager
def _faults(folder: Path) -> Iterator[None]:
    """Turn what Chroma raises into one DataDirError that says what to do."""
    try:
        yield
    except (PolyciteError, sqlite3.Error, OSError):
        raise  # not Chroma's
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataDirError(f"{folder}: {reason}; delete it and run 'polycite index' on your folder") from error


def _client(folder: Path) -> Client:
    import chromadb  # half a second of imports, which reading the store alone does not need
    from chromadb.config import Settings

    client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
    return cast("Client", client)  # declared as its interface, which has no close()
