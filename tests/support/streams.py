"""Reading live carts in tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.waiting import PATIENCE_SECONDS

EVENTS = "/api/v1/cart/events"


@dataclass
class Event:
    """Reads a block of lines as a client of Server-Sent Events does."""

    name: str = ""
    data: Any = None
    id: str = ""
    retry: int = 0


@dataclass
class Reader:
    """The events of one stream. `signs_of_life` counts the comments."""

    response: httpx.Response
    signs_of_life: int = 0
    retry: int = 0
    _events: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)

    async def next(self, timeout: float = PATIENCE_SECONDS) -> Event:
        """The next event. Fails if the stream ends instead."""
        async with asyncio.timeout(timeout):
            event = await self._events.get()
        assert event is not None, "the stream has ended"
        return event

    async def cart(self) -> Any:
        """The data of the next event, which is a cart."""
        event = await self.next()
        assert event.name == "cart", event
        return event.data

    async def end(self, timeout: float = PATIENCE_SECONDS) -> Any:
        """The reason of the end. The connection was closed after it."""
        event = await self.next(timeout)
        assert event.name == "end", event
        async with asyncio.timeout(timeout):
            assert await self._events.get() is None
        return event.data["reason"]

    @property
    def is_silent(self) -> bool:
        return self._events.empty()

    async def read(self) -> None:
        event = Event()
        async for line in lines_of(self.response):
            name, _, value = line.partition(": ")
            match name:
                case "":
                    self._dispatch(event, is_comment=bool(line))
                    event = Event() if not line else event
                case "event":
                    event.name = value
                case "data":
                    event.data = json.loads(value)
                case "id":
                    event.id = value
                case "retry":
                    self.retry = int(value)
        self._events.put_nowait(None)

    def _dispatch(self, event: Event, *, is_comment: bool) -> None:
        if is_comment:
            self.signs_of_life += 1
        elif event.name:
            self._events.put_nowait(event)


async def lines_of(response: httpx.Response) -> AsyncIterator[str]:
    """Lines by the standard. Unlike in `aiter_lines`, U+2028 does not end a line."""
    rest = b""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode()


@asynccontextmanager
async def following(
    client: httpx.AsyncClient,
    headers: dict[str, str],
    *,
    query: dict[str, str] | None = None,
    **more: str,
) -> AsyncIterator[Reader]:
    """A live cart, read in the background until the block ends."""
    named = {name.replace("_", "-"): value for name, value in more.items()}
    async with client.stream("GET", EVENTS, headers={**headers, **named}, params=query) as response:
        assert response.status_code == 200, await response.aread()
        reader = Reader(response)
        reading = asyncio.create_task(reader.read())
        try:
            yield reader
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
