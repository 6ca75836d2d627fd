"""Chroma: chunk vectors, to be searched.

A generation is a folder of its own, written once and then only read, because one Chroma path is not safe between
processes: readers never have a writer beside them, and a writer that dies leaves only a folder that nobody reads.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from index.errors import DataDirError
from index.types import FloatArray

if TYPE_CHECKING:
    from chromadb.api.client import Client

FOLDER = "chroma"
_COLLECTION = "chunks"
_BATCH = 2000  # one call takes at most 5,461 items


def generation_folder(data_dir: Path, generation: int) -> Path:
    """Where a generation lives."""
    return data_dir / FOLDER / f"{generation:06d}"


def build(folder: Path, batches: Iterable[tuple[list[int], FloatArray]]) -> None:
    """Write a generation: chunk ids with unit vectors (n, d). A folder left by a run that died is replaced."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    client = _client(folder)
    try:
        collection = client.create_collection(
            _COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )
        for ids, vectors in batches:
            for start in range(0, len(ids), _BATCH):
                stop = start + _BATCH
                collection.upsert(ids=[str(chunk) for chunk in ids[start:stop]], embeddings=vectors[start:stop])
    finally:
        client.close()


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
        self._client = _client(folder)
        try:
            self._collection = self._client.get_collection(_COLLECTION, embedding_function=None)
            self._count = self._collection.count()
        except Exception as error:
            self._client.close()
            raise DataDirError(
                f"{folder} is damaged ({error}); delete it and run 'polycite index' on your folder"
            ) from error

    def nearest(self, vector: FloatArray, limit: int) -> list[tuple[int, float]]:
        """Find the ``limit`` chunks with the highest cosine to ``vector`` (d,): (chunk id, cosine), best first."""
        wanted = min(limit, self._count)
        if wanted == 0:
            return []
        found = self._collection.query(query_embeddings=vector[np.newaxis, :], n_results=wanted, include=["distances"])
        distances = found["distances"] or [[]]
        return [(int(chunk), 1.0 - distance) for chunk, distance in zip(found["ids"][0], distances[0], strict=True)]

    def close(self) -> None:
        """Let go of the folder's files."""
        self._client.close()


def _client(folder: Path) -> Client:
    import chromadb  # half a second of imports, which reading the store alone does not need
    from chromadb.config import Settings

    client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
    return cast("Client", client)  # declared as its interface, which has no close()
