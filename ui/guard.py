"""Which requests the page's server answers: those of the page itself and of programs, not those of other pages.

Gradio lets any page of the browser read what it answers when it is asked by a name that it does not take for this
machine's ("localhost." is one, and so is any name that leads here), and fetches any address for ``file=https://…``.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Guard:
    """ASGI middleware that refuses what only another page would send, and forbids other pages to show this one."""

    def __init__(self, app: ASGIApp, names: frozenset[str] | None) -> None:
        """``names`` may be asked for beside addresses; None: any, where a password is asked for."""
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if why := refusal(scope["path"], Headers(scope=scope), self._names):
            await PlainTextResponse(f"polycite: {why}\n", 403)(scope, receive, send)
            return

        async def unframed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = "frame-ancestors 'self'"
            await send(message)

        await self._app(scope, receive, unframed)


def own_names(host: str) -> frozenset[str]:
    """Names of this machine: a page elsewhere cannot make the browser take another name for it."""
    machine = socket.gethostname().lower()
    return frozenset({"localhost", host.lower(), machine, f"{machine}.local"})


def refusal(path: str, headers: Mapping[str, str], names: frozenset[str] | None) -> str:
    """Why a request is refused; nothing if it is not."""
    asked = headers.get("host", "")
    origin = headers.get("origin")
    if names is not None and not _is_own(asked, names):
        return f"it is not known by the name {asked!a}; ask by its address, or set a password (--auth)"
    if origin is not None and origin.lower().partition("://")[2] != asked.lower():
        return "another page may not ask; a proxy must pass the Host header on"
    if "://" in path:
        return "it fetches nothing from elsewhere"
    return ""


def _is_own(asked: str, names: frozenset[str]) -> bool:
    name = asked.lower().rpartition(":")[0] if re.search(r":\d+$", asked) else asked.lower()
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return name in names
    return True
