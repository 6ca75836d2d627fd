"""A child process that reads PDF, DOCX and HTML, so that a file that loops, swells or crashes a parser is only skipped.

One child reads file after file; it is started at the first, and again after a fault. Stdin brings a line of JSON
(suffix, length, seconds) and the file's bytes, stdout takes a line of JSON and the text. Not pickles: what comes from a
child that reads strangers' files is itself not to be trusted.
"""

from __future__ import annotations

import atexit
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from index.extract import Extracted, ExtractError, extract

_OUT_OF_MEMORY = 3  # the child's exit status


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may take, several times what a sound one does; a slow machine and a large file have their time."""

    seconds: float = 60
    seconds_per_mb: float = 10  # HTML takes 2
    megabytes: int = 2_000  # beyond what the child has at its start; 20 MB of HTML take 1,000

    def time(self, size: int) -> float:
        """Seconds for a file of so many bytes."""
        return self.seconds + self.seconds_per_mb * size / 1e6


class Extractor:
    """Reads files in a child process; safe across threads, which take turns."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def extract(self, suffix: str, data: bytes) -> Extracted:
        """Do what ``index.extract.extract`` does.

        Raises:
            ExtractError: as there; or the file takes too long or too much memory, or crashes its reader.
        """
        with self._lock:
            try:
                return self._ask(suffix, data)
            except ExtractError:
                raise
            except BaseException:  # an interrupt, say: what the child would answer next is an answer to this
                self._end()
                raise

    def close(self) -> None:
        """End the child, if there is one, whatever it is at; the next file starts another."""
        if child := self._child:
            child.kill()
        with self._lock:
            self._end()

    def __enter__(self) -> Extractor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, suffix: str, data: bytes) -> Extracted:
        if self._child and self._child.poll() is not None:  # it was ended from outside, through no fault of this file
            self._end()
        child = self._child = self._child or _start(self._limits)
        assert child.stdin
        assert child.stdout
        seconds = self._limits.time(len(data))
        too_late = threading.Event()

        def stop() -> None:
            too_late.set()
            child.kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            _send(child.stdin, {"suffix": suffix, "seconds": seconds}, data)
            reply, text = _receive(child.stdout)
        except (OSError, EOFError) as error:  # the pipe ended, and with it the child
            status = self._end()
            raise ExtractError(f"cannot be read as {suffix.lower()}: {self._why(status, too_late, seconds)}") from error
        finally:
            timer.cancel()
        if "error" in reply:
            raise ExtractError(str(reply["error"]))
        return Extracted(text.decode(), str(reply["read_as"]), tuple(map(int, reply["pages"])))

    def _why(self, status: int | None, too_late: threading.Event, seconds: float) -> str:
        if too_late.is_set():
            return f"it takes more than {seconds:.0f} seconds"
        if status == _OUT_OF_MEMORY:
            return f"it takes more than {self._limits.megabytes:,} MB of memory"
        return "it crashes its reader"

    def _end(self) -> int | None:
        child, self._child = self._child, None
        if child is None:
            return None
        assert child.stdin
        assert child.stdout
        for pipe in (child.stdout, child.stdin):
            try:
                pipe.close()
            except OSError:  # bytes that were still to be written
                continue
        try:
            return child.wait(timeout=1)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()


def _start(limits: Limits) -> subprocess.Popen[bytes]:
    # -P: a docx.py in the working directory is not python-docx.
    command = [sys.executable, "-P", "-W", "ignore", "-m", __name__, str(limits.megabytes)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=-1
    )


def _send(pipe: IO[bytes], head: dict[str, object], body: bytes) -> None:
    pipe.write(json.dumps({**head, "length": len(body)}).encode() + b"\n")
    pipe.write(body)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    head = json.loads(pipe.readline() or "null")
    body = pipe.read(head["length"]) if head else b""
    if not head or len(body) < head["length"]:
        raise EOFError
    return head, body


EXTRACTOR = Extractor()  # of this process
atexit.register(EXTRACTOR.close)


# -- in the child ------------------------------------------------------------------------------------------------------


def main() -> None:
    """Read files until stdin ends, which the end of the parent does as well."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's affair
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what native code prints must not be taken for the reply
    _limit_memory(int(sys.argv[1]))
    try:
        while True:
            request, data = _receive(sys.stdin.buffer)
            _limit_time(request["seconds"])
            try:
                found = extract(request["suffix"], data)
            except ExtractError as reason:
                _send(replies, {"error": str(reason)}, b"")
            else:
                _send(replies, {"read_as": found.read_as, "pages": found.pages}, found.text.encode())
    except EOFError:
        return
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)


def _limit_memory(megabytes: int) -> None:
    statm = Path("/proc/self/statm")
    if statm.exists():  # Linux; elsewhere the time limit has to do
        has = int(statm.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        _lower(resource.RLIMIT_AS, has + megabytes * 1_000_000)


def _limit_time(seconds: float) -> None:
    """Let the kernel end this process when its file has had its time, should the parent be gone by then."""
    _lower(resource.RLIMIT_CPU, int(time.process_time() + seconds) + 2)


def _lower(limit: int, wanted: int) -> None:
    hard = resource.getrlimit(limit)[1]
    resource.setrlimit(limit, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


if __name__ == "__main__":
    main()
