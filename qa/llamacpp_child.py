"""llama.cpp's server in a process of its own.

A process, because xllamacpp has no way to stop a server, and Python hangs at its end while a request is in flight.
Stdin brings one JSON line (a Launch; so neither key nor path shows in a process list), stdout takes one JSON line
({"address": …} or {"error": …}). The process then lives until stdin closes, which the end of its parent does as well.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import IO, Any

PROMPT_CACHE_MIB = 256  # llama.cpp's own default is 8192


@dataclass(frozen=True)
class Launch:
    """What the server is started with. The context window is in the model's tokens."""

    model: str
    alias: str
    context_window: int
    threads: int
    key: str


def parameters(launch: Launch) -> Any:  # noqa: ANN401 - xllamacpp has no types
    """Translate to llama.cpp's parameters: one slot, loopback, a port of the system's choice, nothing but the API."""
    from xllamacpp import CommonParams

    params = CommonParams()
    params.model.path = launch.model
    params.model_alias = {launch.alias}
    params.n_ctx = launch.context_window
    params.n_parallel = 1  # n_ctx is divided by it
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = launch.threads
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [launch.key]
    params.cors_origins, params.cors_origins_explicit, params.cors_credentials = "", True, False
    params.ui = False
    params.offline = True
    params.sse_ping_interval = -1  # a ping would keep a client's read timeout from ever being reached
    params.verbosity = 1  # errors only: they say why a model does not load
    return params


def serve(launch: Launch, replies: IO[str]) -> None:
    """Start the server, send the reply, and stay until stdin closes; never returns once the server runs."""
    from xllamacpp import Server

    server = Server(parameters(launch))
    replies.write(json.dumps({"address": str(server.listening_address)}) + "\n")
    replies.close()
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)  # from here on each refused request would be logged
    sys.stdin.buffer.read()
    os._exit(0)  # here, while the server is still referenced: deleting it would wait for the request in flight


def main() -> None:
    """Read the parameters and serve; a fault at start becomes the reply."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what native code prints must not be taken for the reply
    line = sys.stdin.buffer.readline()
    if not line:
        return
    try:
        serve(Launch(**json.loads(line)), replies)
    except Exception as error:  # whatever it is, the parent has to hear of it
        replies.write(json.dumps({"error": str(error) or type(error).__name__}) + "\n")
        replies.close()


if __name__ == "__main__":
    try:
        main()
    finally:
        os._exit(0)  # the same when the parent is gone before it could read the reply
