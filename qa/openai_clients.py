"""OpenAI clients for a server of our own on loopback; imported only with a model, since openai takes its time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeVar

import httpx
from openai import AsyncOpenAI, AsyncStream, OpenAI, Stream

T = TypeVar("T")


def loopback_clients(**options: Any) -> tuple[OpenAI, AsyncOpenAI]:  # noqa: ANN401 - the clients' own options
    """Make clients whose connection closes with the stream, which tells llama.cpp to stop writing.

    openai's Stream is part of a reference cycle: left alone, its connection stays open until garbage collection.
    """
    # No proxy may come between this process and its child, and a connection kept open would have to be closed.
    direct: dict[str, Any] = {"trust_env": False, "limits": httpx.Limits(max_keepalive_connections=0)}
    return (
        _Client(http_client=httpx.Client(**direct), **options),
        _AsyncClient(http_client=httpx.AsyncClient(**direct), **options),
    )


class _Client(OpenAI):
    def request(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        result = super().request(*args, **kwargs)
        return _closing(result) if isinstance(result, Stream) else result


class _AsyncClient(AsyncOpenAI):
    async def request(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        result = await super().request(*args, **kwargs)
        return _aclosing(result) if isinstance(result, AsyncStream) else result


def _closing(stream: Stream[T]) -> Iterator[T]:
    with stream:
        yield from stream


async def _aclosing(stream: AsyncStream[T]) -> AsyncIterator[T]:
    async with stream:
        async for item in stream:
            yield item
