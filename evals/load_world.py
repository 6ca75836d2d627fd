"""A server of the page in a process of its own, and users who ask it over HTTP as any program would."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ANSWER_S = 180.0  # a question may wait for its turn so long
END_S = 10.0
_BUSY = 503

Citations = tuple[tuple[str, int, int], ...]  # document, start, end


@dataclass
class Tally:
    """What came of the questions of some users; memory in MB, of the server with its children."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    refused: int = 0
    busy: int = 0  # answers in quotes only, since the model had no time
    for_model: list[str] = field(default_factory=list)  # questions that the model was asked
    took: float = 0
    memory: list[float] = field(default_factory=list)  # before, (once settled), after
    citations: dict[str, Citations] = field(default_factory=dict)


class Server:
    """`polycite ui` over an index."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._process = process
        words = process.stdout.readline().split()
        if not words:
            raise RuntimeError("the server did not start")
        self.address = words[3].rstrip("/")

    @classmethod
    @contextmanager
    def over(cls, data_dir: Path, *options: str) -> Iterator[Server]:
        """Start one on a free port; it ends with the block, within its time."""
        command = [sys.executable, "-m", "ui.cli", "ui", "--data-dir", str(data_dir), "--port", "0", *options]
        log = data_dir.parent / "load.log"
        with (
            log.open("wb") as errors,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
        ):
            try:
                yield cls(process)
                process.terminate()
                process.wait(END_S)
            finally:
                process.kill()

    def memory(self) -> float:
        """What the server and its children hold now, in MB."""
        family, found = [self._process.pid], 0.0
        while family:
            pid = family.pop()
            found += _resident(pid)
            family += children(pid)
        return found


def children(pid: int) -> list[int]:
    """The processes that a process started, whichever of its threads did."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def drive(
    server: Server, questions: Sequence[str], users: int, alone: Mapping[str, Citations], settled: int = 0
) -> Tally:
    """Have users ask all questions, each user one after the other.

    What an answer cites is compared with ``alone``, by question. Memory is read after ``settled`` questions, too.
    """
    tally, left, lock = Tally(memory=[server.memory()]), iter(questions), threading.Lock()

    def take() -> str | None:
        with lock:
            return next(left, None)

    def use() -> None:
        with httpx.Client(base_url=server.address, timeout=ANSWER_S, trust_env=False) as client:
            while (question := take()) is not None:
                _ask(client, question, alone, tally, lock)
                with lock:
                    if len(tally.seconds) == settled:
                        tally.memory.append(server.memory())

    began = time.perf_counter()
    threads = [threading.Thread(target=use) for _ in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.took = time.perf_counter() - began
    tally.memory.append(server.memory())
    return tally


def _ask(
    client: httpx.Client, question: str, alone: Mapping[str, Citations], tally: Tally, lock: threading.Lock
) -> None:
    """Ask once more as often as there is no room."""
    while True:
        began = time.perf_counter()
        try:
            asked = client.post("/gradio_api/call/ask", json={"data": [question, False]})
            if asked.status_code == _BUSY and "ask again" in asked.json()["detail"]:
                with lock:
                    tally.refused += 1
                time.sleep(float(asked.headers["Retry-After"]))
                continue
            asked.raise_for_status()
            answer = _answer(client, asked.json()["event_id"])
        except (httpx.HTTPError, ValueError, KeyError) as error:
            with lock:
                tally.errors.append(f"{type(error).__name__}: {error}")
            return
        seconds = time.perf_counter() - began
        cited = tuple((item["source"], item["start"], item["end"]) for item in answer["citations"])
        with lock:
            tally.seconds.append(seconds)
            tally.citations[question] = cited
            if answer["receipt"]["asked"]:
                tally.for_model.append(question)
            fault = answer["receipt"]["fault"]
            if fault and "is busy" in fault:
                tally.busy += 1
            elif fault:
                tally.errors.append(fault)
            if answer["question"] != question or cited != alone.get(question, cited):
                tally.wrong.append(question)
        return


def _answer(client: httpx.Client, event: str) -> dict[str, Any]:
    """The last event of a stream; raises ValueError where that is no answer."""
    last = client.get(f"/gradio_api/call/ask/{event}").text.strip().rpartition("\n\n")[2]
    kind, _, data = last.partition("\ndata: ")
    if kind != "event: complete":
        raise ValueError(f"{kind}: {data}")
    answer: dict[str, Any] = json.loads(data)[0]
    return answer


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024
