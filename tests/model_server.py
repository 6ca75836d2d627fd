"""A server on a real socket that speaks Ollama's and OpenAI's streaming protocols, and has servers' faults."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Fault = Literal["", "stall", "stall in the middle", "close", "nonsense", "drip", "broken", "no model", "flood"]


class ModelServer:
    """Answers every chat with ``says``; keeps the requests that came."""

    def __init__(
        self, says: Sequence[str] = ("Hello",), fault: Fault = "", models: Sequence[str] = ("m:latest",)
    ) -> None:
        self.says, self.fault, self.models = says, fault, models
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.gone = threading.Event()  # a client hung up
        self.stopping = threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                self._send({"models": [{"model": name, "name": name} for name in owner.models]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                owner.requests.append((self.path, body))
                if owner.fault == "stall":
                    owner.stopping.wait(20)
                elif owner.fault == "broken":
                    self._send({"error": "the\nmodel runner has died"}, 500)
                elif owner.fault == "no model":
                    self._send({"error": f"model '{body['model']}' not found"}, 404)
                else:
                    lines = owner.pull() if self.path == "/api/pull" else owner.chat(self.path)
                    self._stream(lines)

            def _send(self, value: object, status: int = 200) -> None:
                content = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def _stream(self, lines: Iterator[bytes]) -> None:
                self.send_response(200)
                self.send_header(
                    "Content-Type", "application/x-ndjson" if "/api/" in self.path else "text/event-stream"
                )
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                try:
                    for line in lines:
                        self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
                        self.wfile.flush()
                    if owner.fault != "close":
                        self.wfile.write(b"0\r\n\r\n")
                except OSError:
                    owner.gone.set()
                self.close_connection = True

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> ModelServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        with suppress(OSError):
            self._server.server_close()

    def chat(self, path: str) -> Iterator[bytes]:
        for number, piece in enumerate(self.says):
            if self.fault == "nonsense":
                yield b"<html>It works!</html>\n\n"
            elif self.fault == "drip":
                while not self.stopping.wait(0.05):
                    yield b" " if "/api/" in path else b": ping\n\n"
            elif self.fault == "flood":
                while not self.stopping.is_set():
                    yield self._piece(path, piece * 1000)
            else:
                yield self._piece(path, piece)
            if self.fault == "close":
                return
            if self.fault == "stall in the middle" and number == 0:
                self.stopping.wait(20)
        yield from self._end(path)

    def _piece(self, path: str, text: str) -> bytes:
        if "/api/" in path:
            return json.dumps({"message": {"role": "assistant", "content": text}, "done": False}).encode() + b"\n"
        return b"data: " + json.dumps({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": {"content": text}}]}).encode() + b"\n\n"  # fmt: skip

    def _end(self, path: str) -> Iterator[bytes]:
        if "/api/" in path:
            counts = {"prompt_eval_count": 120, "eval_count": 7}
            yield json.dumps({"message": {"role": "assistant", "content": ""}, "done": True} | counts).encode() + b"\n"
        else:
            usage = {"prompt_tokens": 120, "completion_tokens": 7, "total_tokens": 127}
            yield b"data: " + json.dumps({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m",
                "choices": [], "usage": usage}).encode() + b"\n\ndata: [DONE]\n\n"  # fmt: skip

    def pull(self) -> Iterator[bytes]:
        for done in (0, 50, 100):
            yield json.dumps({"status": "pulling", "completed": done, "total": 100}).encode() + b"\n"
            time.sleep(0.01)
        self.models = [*self.models, f"{self.requests[-1][1]['model']}:latest"]
        yield b'{"status": "success"}\n'
