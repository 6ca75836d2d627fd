"""OpenAI clients that hang up; imported only with a model, since openai takes its time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeVar

import httpx
from openai import AsyncOpenAI, AsyncStream, OpenAI, Stream

T = TypeVar("T")


def closing_clients(*, direct: bool = False, **options: Any) -> tuple[OpenAI, AsyncOpenAI]:  # noqa: ANN401 - theirs
    """Make clients whose connection closes with the stream, which tells a server to stop writing.

    openai's Stream is part of a reference cycle: left alone, its connection stays open until garbage collection.
    """
    # ``direct``: no proxy may come between this process and its child. A connection kept open would have to be closed.
    transport: dict[str, Any] = {"trust_env": not direct, "limits": httpx.Limits(max_keepalive_connections=0)}
    return (
        _Client(http_client=httpx.Client(**transport), **options),
        _AsyncClient(http_client=httpx.AsyncClient(**transport), **options),
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
