"""The page's server: where it listens, whom it lets in, and what it may show of this machine's files."""

from __future__ import annotations

import ipaddress
import logging
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from index import Settings
from index.datadir import make
from index.errors import UsageError
from ui.log import LOG, start_log

if TYPE_CHECKING:
    import gradio as gr

    from ui.desk import Desk
    from ui.library import Library

LAST_PORT = 65_535

# How a server ends: answers in hand may finish, then they finish without the model, then they are delivered.
FINISH_S = 2.0
WITHOUT_MODEL_S = 1.0
DELIVER_S = 0.3
HANG_UP_S = 1  # for browsers, which keep a connection open
END_S = 4.8  # and whatever hangs, the process is gone

_FONTS = ("system-ui", "Noto Sans", "sans-serif")
_MONO = ("ui-monospace", "monospace")


def serve(data_dir: Path, settings: Settings, host: str, port: int, *, open_to_all: bool) -> None:
    """Serve the page until the process is told to end; then the process ends here.

    Raises:
        UsageError: another address than this machine's own, without a password and without ``open_to_all``; or a port
            that is taken.
        PolyciteError: the index is damaged, or the settings name a model that is not there.
    """
    check_address(host, port, guarded=settings.auth is not None or open_to_all)
    start_log()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    make(data_dir)  # or Gradio makes it, and for everybody
    # Before Gradio is imported: no report to its makers, and its copies of uploads beside the index.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_OFFLINE"] = "1"
    # It keeps a table of the last 10,000 events and sums it up after each of them, for a page that is turned off here.
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(sys.maxsize)
    os.environ["GRADIO_TEMP_DIR"] = str((data_dir / "web").resolve())
    # Gradio asks its own address whether it is up; a proxy must not come between.
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), host, "localhost", "127.0.0.1"]))

    import gradio as gr
    from starlette.middleware import Middleware

    from ui.desk import Desk
    from ui.guard import Guard, own_names
    from ui.library import Library
    from ui.programs import AT_ONCE
    from ui.routes import WAITING, app_options
    from ui.visitor import asset
    from ui.web import build, translations

    library = Library(data_dir, settings)
    try:
        desk = Desk(library.bot, log_texts=settings.log_texts)
        page = build(library, desk, settings)
        page.queue(default_concurrency_limit=AT_ONCE, max_size=WAITING, api_open=False)
        guard = Middleware(Guard, names=None if settings.auth else own_names(host))
        _, address, _ = page.launch(
            server_name=host,
            server_port=port or _free_port(host),
            auth=_pair(settings),
            max_file_size=int(settings.max_file_mb * 1e6),
            theme=gr.themes.Base(font=_FONTS, font_mono=_MONO, primary_hue="indigo"),
            css=asset("page.css"),
            i18n=translations(),
            footer_links=[],
            ssr_mode=False,
            share=False,
            pwa=False,
            enable_monitoring=False,
            run_history=False,
            quiet=True,
            prevent_thread_lock=True,
            app_kwargs=app_options(library, desk) | {"middleware": [guard]},
        )
        model = library.choice.model
        LOG.info("start", extra={"command": "ui", "model": model.name if model else "none"})
        sys.stdout.write(f"polycite is at {address} (Ctrl-C ends it)\n")
        sys.stdout.flush()
        stop.wait()
        _end(page, library, desk)
    finally:
        library.close()
    LOG.info("stop")
    os._exit(0)  # all is closed; the interpreter would take seconds more to take its libraries apart


def _end(page: gr.Blocks, library: Library, desk: Desk) -> None:
    """Turn new questions away, and give those in hand their answer, if need be without the model."""
    last_resort = threading.Timer(END_S, os._exit, (1,))
    last_resort.daemon = True
    last_resort.start()
    if not desk.close(FINISH_S):
        library.stop_model()
        desk.close(WITHOUT_MODEL_S)
    time.sleep(DELIVER_S)
    logging.getLogger("uvicorn.error").disabled = True  # it would report each that it hangs up on
    page.server.config.timeout_graceful_shutdown = HANG_UP_S
    page.close(verbose=False)


def check_address(host: str, port: int, *, guarded: bool) -> None:
    """Refuse to listen to other machines without a password, and a port that cannot be had; raises UsageError."""
    if not _is_local(host) and not guarded:
        raise UsageError(
            f"{host} can be reached from other machines; set a password with --auth USER:PASSWORD, or let anyone in "
            "with --no-auth"
        )
    if not 0 <= port <= LAST_PORT:
        raise UsageError(f"there is no port {port}; name one up to {LAST_PORT} with --port")
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        raise UsageError(
            f"cannot listen at {host}, port {port}: {error.strerror}; name another (--host, --port)"
        ) from error


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as server:
        return int(server.getsockname()[1])


def _pair(settings: Settings) -> tuple[str, str] | None:
    if settings.auth is None:
        return None
    user, _, password = settings.auth.get_secret_value().partition(":")
    return user, password
