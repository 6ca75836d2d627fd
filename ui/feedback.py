"""What people say of answers: JSON lines in the data directory, a line for each thumb and each reason."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from qa.types import Answer

FILE = "feedback.jsonl"

_writing = threading.Lock()


def save(data_dir: Path, given: Answer, verdict: str, fingerprint: str, reason: str = "", comment: str = "") -> None:
    """Append a line: ``verdict`` is "up" or "down"; ``fingerprint`` says which state of the index answered."""
    row = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "verdict": verdict,
        "reason": reason,
        "comment": comment,
        "question": given.question,
        "language": given.language,
        "answer": given.text,
        "abstained": given.abstained,
        "model": given.model,
        "citations": [asdict(citation) for citation in given.citations],
        "index": fingerprint,
    }
    line = json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
    with _writing, (data_dir / FILE).open("ab") as file:
        file.write(line)
