"""The JSON that programs read; its keys are a contract."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from index import Evidence
from qa.types import Answer, Verification


def line(value: object) -> str:
    """One line of JSON, in the documents' own characters; what has no UTF-8 is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isascii() or _is_utf8(text) else json.dumps(value)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def search(row_id: object, question: str, found: Sequence[Evidence]) -> dict[str, object]:
    """What ``search --json`` prints."""
    results = [
        {
            "source": item.source,
            "start": item.span.start,
            "end": item.span.end,
            "text": item.text,
            "language": item.language,
            "score": round(item.score, 4),
        }
        for item in found
    ]
    return {"id": row_id, "question": question, "results": results}


def answer(row_id: object, given: Answer) -> dict[str, object]:
    """What ``ask --json`` prints."""
    return {
        "id": row_id,
        "question": given.question,
        "language": given.language,
        "answer": given.text,
        "sentences": [asdict(sentence) for sentence in given.sentences],
        "withheld": [asdict(sentence) for sentence in given.withheld],
        "citations": [asdict(citation) for citation in given.citations],
        "closest": [asdict(passage) for passage in given.closest],
        "abstained": given.abstained,
        "differ": given.differ,
        "model": given.model,
        "timings": {name: round(seconds, 4) for name, seconds in given.timings.items()},
        "receipt": asdict(given.receipt),
    }


def verification(row_id: object, found: Verification) -> dict[str, object]:
    """What ``verify --json`` prints."""
    return {
        "id": row_id,
        "sentences": [asdict(sentence) for sentence in found.sentences],
        "citations": [asdict(citation) for citation in found.citations],
    }
