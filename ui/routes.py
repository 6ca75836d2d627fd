"""What the page's server says beside the page: whether it can answer, and that it is full."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from index.errors import PolyciteError
from ui.desk import Desk, Kind
from ui.library import Library
from ui.log import beginning

WAITING = 32  # questions that wait for their turn, at most
FULL = f"{WAITING} questions are waiting already; ask again in a few seconds"
RETRY_S = 5

_KINDS: dict[str, Kind] = {"ask": "ask", "search": "search", "verify": "verify"}  # the rest come from the page
_UNAVAILABLE = 503


def app_options(library: Library, desk: Desk) -> dict[str, Any]:
    """Options of the FastAPI app that Gradio makes; routes given so come before its own, which ask for a password."""

    def health(_: Request) -> Response:
        """Whether the index can be read; never asks the model."""
        try:
            return JSONResponse({"status": "ok", "documents": len(library.bot().index.documents())})
        except PolyciteError as error:
            reason = f"{type(error).__name__}: {beginning(str(error))}"
            return JSONResponse({"status": "unavailable", "reason": reason}, _UNAVAILABLE)

    async def unavailable(request: Request, error: Exception) -> Response:
        """Gradio's refusal in words of our own; its own clients have theirs."""
        assert isinstance(error, HTTPException)
        detail = str(error.detail)
        if detail.startswith("Queue is full"):
            desk.turned_away(_KINDS.get(request.url.path.rpartition("/")[2], "chat"))
            detail = FULL
        return JSONResponse({"detail": detail}, _UNAVAILABLE, {"Retry-After": str(RETRY_S)})

    return {"routes": [Route("/healthz", health)], "exception_handlers": {_UNAVAILABLE: unavailable}}
