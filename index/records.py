"""What a Chroma server holds of documents and chunks, as its metadata: strings and numbers."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from index.store import DocumentSummary, StoredChunk, unpack
from index.types import Document, Sentence

Metadata = dict[str, str | int]

PART = 500_000  # characters of a text in one record: a request takes 40 MB


def of_document(document: Document, summary: DocumentSummary) -> Metadata:
    """A document without its text."""
    return {
        "source": document.id,
        "language": document.language,
        "sha256": document.sha256,
        "read_as": document.read_as,
        "pages": json.dumps(document.pages),
        "prefix": summary.prefix,
        "characters": summary.characters,
        "chunks": summary.chunks,
    }


def to_summary(record: Mapping[str, Any]) -> DocumentSummary:
    """A line of the list of documents."""
    return DocumentSummary(
        *(record["source"], record["language"], record["characters"]),
        *(record["chunks"], record["prefix"], record["read_as"]),
    )


def to_document(record: Mapping[str, Any], text: str) -> Document:
    """The document that had this record and this text."""
    return Document(
        *(record["source"], text, record["language"], record["sha256"], record["read_as"]),
        tuple(json.loads(record["pages"])),
    )


def text_ids(row: int, characters: int) -> list[str]:
    """Ids of the parts of the text of a document, which has this number in the store, in order."""
    return [f"{row}/{number}" for number in range(-(-characters // PART))]


def text_parts(text: str) -> Iterator[Metadata]:
    """The parts of a text, in order."""
    return ({"text": text[start : start + PART]} for start in range(0, len(text), PART))


def of_chunk(chunk: StoredChunk) -> Metadata:
    """A chunk with the raw vectors of it and of its sentences, in half precision as they were stored.

    All in one string: each entry of a record costs a server as much as the record.
    """
    rows = np.vstack([chunk.vector, chunk.sentence_vectors]).astype("<f2")
    parts = {
        "source": chunk.source,
        "language": chunk.language,
        "span": [chunk.start, chunk.end],
        "text": chunk.text,
        "tokens": chunk.tokens,
        "sentences": [[span.start, span.end] for span, _ in chunk.sentences],
        "vectors": base64.b64encode(rows.tobytes()).decode(),
    }
    return {"chunk": json.dumps(parts, ensure_ascii=False)}


def to_chunk(chunk: str, record: Mapping[str, Any]) -> StoredChunk:
    """The chunk of this id that had this record."""
    parts = json.loads(record["chunk"])
    start, end = parts["span"]
    spans = [Sentence(*span) for span in parts["sentences"]]
    rows = unpack(base64.b64decode(parts["vectors"])).reshape(len(spans) + 1, -1)
    return StoredChunk(
        *(int(chunk), parts["source"], parts["language"], start, end, parts["text"], parts["tokens"]),
        rows[0],
        tuple((span, parts["text"][span.start - start : span.end - start]) for span in spans),
        rows[1:],
    )
