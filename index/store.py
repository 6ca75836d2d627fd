"""SQLite: documents, sentences, chunks and all vectors; the one truth that everything else is rebuilt from.

Readers see generations. Every document says with which generation it came and with which it goes; a writer prepares
generation n+1, a transaction per document, while readers go on seeing n, and one commit makes n+1 current. A run begins
with what is published: what a run that was cut short had prepared is dropped, except the vectors, which cost the time.

A vector belongs to a text and an embedder, whatever document the text stands in, and is there once.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from index.database import Database
from index.types import Chunk, Document, FloatArray, Sentence

CURRENT = "documents.added <= :generation AND (documents.removed IS NULL OR documents.removed > :generation)"

UNUSED = (
    "NOT EXISTS (SELECT 1 FROM sentences WHERE sentences.vector = vectors.id) "
    "AND NOT EXISTS (SELECT 1 FROM chunks WHERE chunks.vector = vectors.id)"
)
_DOCUMENT = "source, text, language, sha256, read_as, pages"
_SUMMARY = (
    "source, language, length(text), (SELECT count(*) FROM chunks WHERE document = documents.id), prefix, read_as"
)
_DISTINCT = (
    "SELECT min(chunks.id) FROM chunks JOIN documents ON documents.id = document "
    f"JOIN vectors ON vectors.id = chunks.vector WHERE {CURRENT} GROUP BY vectors.vector"
)
_BY_KEY = "(SELECT id FROM vectors WHERE key = ?)"
_WANTED = "chunks.id IN (SELECT value FROM json_each(?))"
_CHUNKS_WITH_DOCUMENTS = (
    'SELECT chunks.id, source, language, start, "end", chunks.text, tokens, vectors.vector '
    "FROM chunks JOIN documents ON documents.id = document JOIN vectors ON vectors.id = chunks.vector "
    f"WHERE {_WANTED}"
)
_SENTENCES_OF_CHUNKS = (
    'SELECT chunks.id, sentences.start, sentences."end", vectors.vector '
    "FROM chunks JOIN sentences ON sentences.document = chunks.document "
    "AND sentences.ordinal BETWEEN chunks.first AND chunks.last "
    f"JOIN vectors ON vectors.id = sentences.vector WHERE {_WANTED} ORDER BY chunks.id, sentences.ordinal"
)


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
    vector: FloatArray
    sentences: tuple[tuple[Sentence, str], ...]
    sentence_vectors: FloatArray


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """A line of ``polycite list``; ``prefix`` is the part of ``source`` that stands for its folder."""

    source: str
    language: str
    characters: int
    chunks: int
    prefix: str
    read_as: str


def content_key(embedder: str, text: str) -> bytes:
    """What a vector is found by."""
    return hashlib.blake2b(f"{embedder}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Store(Database):
    """What the index reads and writes."""

    # -- folders, and the runs that began and have not ended

    def folders(self) -> dict[str, str]:
        """The indexed folders: path relative to the data directory -> prefix of their documents' ids."""
        return dict(self._db.execute("SELECT path, prefix FROM folders ORDER BY path"))

    def add_folder(self, path: str, prefix: str) -> None:
        """Remember a folder."""
        self._db.execute("INSERT INTO folders VALUES (?, ?)", (path, prefix))

    def unfinished(self) -> set[str]:
        """Paths of the folders whose last run has not ended; "" for a run that is not about a folder."""
        return set(cast("list[str]", self.meta("unfinished") or []))

    def begin(self, path: str = "") -> None:
        """Note that a run on a folder has begun, and drop what one before it prepared and did not publish."""
        with self.transaction():
            self.set_meta("unfinished", sorted(self.unfinished() | {path}))
            generation = (self.generation,)
            self._db.execute("DELETE FROM documents WHERE added > ?", generation)
            self._db.execute("UPDATE documents SET removed = NULL WHERE removed > ?", generation)
            self._db.execute("DELETE FROM documents WHERE removed <= ?", generation)

    def finish(self, waiting: set[str]) -> None:
        """Delete what the current generation does not hold, and note that the run has ended.

        Vectors that no text needs go once no folder's run is ``waiting`` to be taken up again.
        """
        with self.transaction():
            self._db.execute("DELETE FROM documents WHERE removed <= ?", (self.generation,))
            if not waiting:
                self._db.execute(f"DELETE FROM vectors WHERE {UNUSED}")
            self.set_meta("unfinished", sorted(waiting))

    # -- writing

    def latest(self, prefix: str | None = None) -> dict[str, str]:
        """Source -> sha256 of every latest document, published or prepared (of one folder's prefix)."""
        return dict(
            self._db.execute(
                "SELECT source, sha256 FROM documents WHERE removed IS NULL AND (:p IS NULL OR prefix = :p)",
                {"p": prefix},
            )
        )

    def latest_document(self, source: str) -> tuple[Document, str]:
        """The latest document of that name, and the prefix of its folder."""
        row = self._db.execute(
            f"SELECT {_DOCUMENT}, prefix FROM documents WHERE source = ? AND removed IS NULL", (source,)
        ).fetchone()
        return _document(row[:-1]), row[-1]

    def missing_vectors(self, keys: Iterable[bytes]) -> list[bytes]:
        """The keys that have no vector yet."""
        known = "SELECT 1 FROM vectors WHERE key = ?"
        return [key for key in keys if not self._db.execute(known, (key,)).fetchone()]

    def add_vectors(self, keys: Sequence[bytes], vectors: FloatArray) -> None:
        """Keep the vectors (n, d) of texts with these keys, for good: they stay if the run is cut short."""
        with self.transaction():
            self._db.executemany(
                "INSERT INTO vectors (key, vector) VALUES (?, ?)",
                ((key, _pack(vector)) for key, vector in zip(keys, vectors, strict=True)),
            )

    def take_vectors(self, other: Store) -> None:
        """Keep all vectors that another store has of any text, as ``add_vectors`` does."""
        with self.transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO vectors (key, vector) VALUES (?, ?)",
                other._db.execute("SELECT key, vector FROM vectors"),
            )

    def put(
        self, document: Document, prefix: str, sentences: Sequence[Sentence], chunks: Sequence[Chunk], embedder: str
    ) -> None:
        """Add a document, all of whose vectors are known, to the next generation, in place of the one of that name."""
        text = document.text
        with self.transaction():
            self._drop(document.id)
            self._db.execute("DELETE FROM left_out WHERE source = ?", (document.id,))
            row = self._db.execute(
                "INSERT INTO documents (source, prefix, sha256, language, text, read_as, pages, added) "
                "VALUES (?,?,?,?,?,?,?,?)",
                (
                    *(document.id, prefix, document.sha256, document.language, text),
                    *(document.read_as, json.dumps(document.pages), self.generation + 1),
                ),
            ).lastrowid
            self._db.executemany(
                f"INSERT INTO sentences VALUES (?,?,?,?,{_BY_KEY})",
                (
                    (row, ordinal, sentence.start, sentence.end, content_key(embedder, sentence.of(text)))
                    for ordinal, sentence in enumerate(sentences)
                ),
            )
            self._db.executemany(
                'INSERT INTO chunks (document, first, last, start, "end", tokens, text, vector) '
                f"VALUES (?,?,?,?,?,?,?,{_BY_KEY})",
                (
                    (
                        *(row, chunk.first, chunk.last, chunk.start, chunk.end, chunk.tokens),
                        *(chunk.of(text), content_key(embedder, chunk.of(text))),
                    )
                    for chunk in chunks
                ),
            )

    def drop(self, source: str) -> None:
        """Leave a document out of the next generation."""
        with self.transaction():
            self._drop(source)

    def leave_out(self, source: str, sha256: str) -> None:
        """Keep a document out of the index for as long as its file has this content."""
        self._db.execute("INSERT OR REPLACE INTO left_out VALUES (?, ?)", (source, sha256))

    def left_out(self) -> dict[str, str]:
        """Source -> sha256 of what ``leave_out`` was told."""
        return dict(self._db.execute("SELECT source, sha256 FROM left_out"))

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

    def publish(self, **meta: object) -> None:
        """Make the next generation current, with these meta values."""
        with self.transaction():
            self.set_meta("generation", self.generation + 1)
            for key, value in meta.items():
                self.set_meta(key, value)

    # -- reading

    def summaries(self) -> list[DocumentSummary]:
        """The documents of the current generation, by name."""
        rows = self._db.execute(
            f"SELECT {_SUMMARY} FROM documents WHERE {CURRENT} ORDER BY source",
            {"generation": self.generation},
        )
        return [DocumentSummary(*row) for row in rows]

    def digests(self) -> dict[str, str]:
        """Source -> sha256 of the documents of the current generation, by name."""
        rows = self._db.execute(
            f"SELECT source, sha256 FROM documents WHERE {CURRENT} ORDER BY source", {"generation": self.generation}
        )
        return dict(rows)

    def document(self, source: str) -> Document | None:
        """A document of the current generation, or None."""
        row = self._db.execute(
            f"SELECT {_DOCUMENT} FROM documents WHERE source = :source AND {CURRENT}",
            {"source": source, "generation": self.generation},
        ).fetchone()
        return _document(row) if row else None

    def lengths(self) -> dict[int, int]:
        """Number of each document of the current generation -> characters of its text."""
        return dict(
            self._db.execute(f"SELECT id, length(text) FROM documents WHERE {CURRENT}", {"generation": self.generation})
        )

    def row(self, number: int) -> tuple[Document, DocumentSummary]:
        """The document of that number."""
        found = self._db.execute(f"SELECT {_DOCUMENT}, {_SUMMARY} FROM documents WHERE id = ?", (number,)).fetchone()
        return _document(found[:6]), DocumentSummary(*found[6:])

    def languages(self, generation: int) -> dict[str, int]:
        """Language -> how many documents of a generation are in it."""
        return dict(
            self._db.execute(
                f"SELECT language, count(*) FROM documents WHERE {CURRENT} GROUP BY language",
                {"generation": generation},
            )
        )

    def distinct(self, generation: int) -> set[int]:
        """The chunks of a generation that are searched: of those with equal vectors the first.

        Equal vectors would crowd a graph index until others cannot be reached from them.
        """
        return {row[0] for row in self._db.execute(_DISTINCT, {"generation": generation})}

    def vectors(self, generation: int, batch: int = 2000) -> Iterator[tuple[list[int], list[str], FloatArray]]:
        """Ids, languages and raw vectors (n, d) of a generation's distinct chunks, in batches."""
        cursor = self._db.execute(
            "SELECT chunks.id, language, vectors.vector FROM chunks JOIN documents ON documents.id = document "
            f"JOIN vectors ON vectors.id = chunks.vector WHERE chunks.id IN ({_DISTINCT}) ORDER BY chunks.id",
            {"generation": generation},
        )
        while rows := cursor.fetchmany(batch):
            yield [row[0] for row in rows], [row[1] for row in rows], np.stack([unpack(row[2]) for row in rows])

    def chunks(self, ids: Sequence[int]) -> list[StoredChunk]:
        """The chunks with these ids, in their order; an id that is gone is passed over."""
        wanted = (json.dumps(list(ids)),)
        sentences: dict[int, list[tuple[int, int, bytes]]] = {}
        for chunk, start, end, blob in self._db.execute(_SENTENCES_OF_CHUNKS, wanted):
            sentences.setdefault(chunk, []).append((start, end, blob))
        rows = self._db.execute(_CHUNKS_WITH_DOCUMENTS, wanted)
        found = {row[0]: _stored(row, sentences.get(row[0], [])) for row in rows}
        return [found[chunk] for chunk in ids if chunk in found]


def _document(row: tuple[str, str, str, str, str, str]) -> Document:
    return Document(*row[:5], tuple(json.loads(row[5])))


def _stored(
    row: tuple[int, str, str, int, int, str, int, bytes], sentences: Sequence[tuple[int, int, bytes]]
) -> StoredChunk:
    if not sentences:
        raise sqlite3.DatabaseError(f"chunk {row[0]} has no sentences")
    start, text = row[3], row[5]
    return StoredChunk(
        *row[:-1],
        unpack(row[-1]),
        tuple((Sentence(s, e), text[s - start : e - start]) for s, e, _ in sentences),
        np.stack([unpack(blob) for _, _, blob in sentences]),
    )


def unpack(blob: bytes) -> FloatArray:
    """A vector as it was stored."""
    return np.frombuffer(blob, "<f2").astype(np.float32)


def _pack(vector: FloatArray) -> bytes:
    return vector.astype("<f2").tobytes()  # half the size; moves a cosine by less than 1e-4
