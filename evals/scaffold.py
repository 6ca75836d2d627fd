"""A first golden file for somebody's own folder: rows to edit, each with a real quote of a document."""

from __future__ import annotations

import json
from pathlib import Path

from index.errors import UsageError
from index.readers import File, SkippedFileError, find_files, read_bytes, to_document
from index.sentences import split_sentences

MAX_ROWS = 20
MIN_CHARS = 30  # a shorter sentence seldom holds a fact to ask about
MAX_BYTES = 20e6


def scaffold(folder: Path, target: Path) -> int:
    """Write a golden file for ``folder``: a row for a sentence of each document, and one unanswerable; counts the rows.

    Raises:
        UsageError: the file is there already, or the folder has no document to ask about.
    """
    if target.exists():
        raise UsageError(f"{target} exists already; edit it, or name another file with --golden")
    rows = [row for file in find_files(folder)[0] if (row := _row(folder, file)) is not None][:MAX_ROWS]
    if not rows:
        raise UsageError(f"no document in {folder} has a sentence to ask about; give a folder of documents")
    numbered = [{"id": f"q-{number:03d}"} | row for number, row in enumerate(rows, start=1)]
    numbered.append(
        {
            "id": "q-none",
            "language": "en",
            "question": "EDIT: a question that the documents do not answer",
            "kind": "on-topic-unanswerable",
            "fact": "none",
            "answers": [],
            "documents": [],
            "passages": [],
        }
    )
    target.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in numbered), encoding="utf-8")
    return len(numbered)


def _row(folder: Path, file: File) -> dict[str, object] | None:
    try:
        document = to_document(file.name, read_bytes(file, folder, MAX_BYTES))
    except SkippedFileError:
        return None
    sentences = (span.of(document.text) for span in split_sentences(document.text, document.language))
    quote = next((sentence for sentence in sentences if len(sentence) >= MIN_CHARS), None)
    if quote is None:
        return None
    return {
        "language": document.language,
        "question": f"EDIT: a question that this answers: {quote}",
        "kind": "answerable",
        "fact": document.id,
        "answers": [["EDIT: the words that a right answer holds", "or these"], [quote[:MIN_CHARS]]],
        "documents": [document.id],
        "passages": [{"document": document.id, "quote": quote}],
    }
