"""A live cart as Server-Sent Events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from functools import partial

import orjson
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from prometheus_client import Counter
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cart_service.carts.ports import Rendered
from cart_service.live.feed import CartStream, EndReason
from cart_service.live.service import LiveCarts
from shared.errors import ShopError
from shared.observability.metrics import REGISTRY
from shared.security.identity import Identity

CART_STREAM_EVENTS = Counter(
    "cart_stream_events_total",
    "Events of live carts: `cart`, or why a stream ended; `left` is a client that closed it, `stalled`"
    " one that took nothing for too long.",
    ["event"],
    registry=REGISTRY,
)
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
COPIES = 2
"""The copies of a cart while it is sent: the rendering, and the bytes in the connection."""
SHORTEST_RETRY_MILLIS, LONGEST_RETRY_MILLIS = 500, 1500


class CartEvents(Response):
    """Sends events until the stream ends or its client leaves. A HEAD request gets only the headers.

    The stream opens when the answer is sent, so an answer that is never sent counts for no limit.
    """

    media_type = "text/event-stream"

    def __init__(
        self, carts: LiveCarts, owner: str, viewer: Identity, *, known: str | None, once: bool
    ) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._carts = carts
        self._owner = owner
        self._viewer = viewer
        self._known = known
        self._once = once

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await super().__call__(scope, receive, send)
            return
        live = self._carts.open(self._owner, self._viewer, known=self._known, once=self._once)
        with live as stream:
            leaving = asyncio.create_task(_end_when_gone(receive, stream))
            try:
                await self._send_events(stream, send)
            except TimeoutError:  # the server closes the connection of an unfinished answer
                CART_STREAM_EVENTS.labels(EndReason.STALLED).inc()
            finally:
                leaving.cancel()

    async def _send_events(self, stream: CartStream, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await stream.send(partial(send, start))
        beginning = {"type": "http.response.body", "body": _beginning(), "more_body": True}
        await stream.send(partial(send, beginning))
        while (reason := await self._send_next(stream, send)) is None:
            pass
        await stream.send(partial(send, {"type": "http.response.body", "body": _ending(reason)}))

    async def _send_next(self, stream: CartStream, send: Send) -> EndReason | None:
        """A separate function, so that no variable keeps an event while the stream waits for the next."""
        event = await stream.next()
        if isinstance(event, EndReason):
            return event
        held_bytes = COPIES * len(event.body) if event is not None else 0
        await stream.send(partial(_send_whole, send, event), held_bytes)
        return None


async def _send_whole(send: Send, event: Rendered | None) -> None:
    """Sends the event and returns after the client has taken nearly all of it. The server itself accepts any
    length at once."""
    await send({"type": "http.response.body", "body": _encode(event), "more_body": True})
    await asyncio.sleep(0)  # it is written at the end of the event loop's turn
    await send({"type": "http.response.body", "body": b"", "more_body": True})


async def _end_when_gone(receive: Receive, stream: CartStream) -> None:
    with suppress(ShopError):  # a body that is too large, for example
        while (await receive())["type"] != "http.disconnect":
            pass
    stream.end(EndReason.LEFT)


def _beginning() -> bytes:
    """The delay before a reconnect. It is random, so clients of a stopped replica return one by one."""
    return format_sse_event(retry=random.randint(SHORTEST_RETRY_MILLIS, LONGEST_RETRY_MILLIS))


def _encode(cart: Rendered | None) -> bytes:
    if cart is None:
        return KEEPALIVE_COMMENT
    CART_STREAM_EVENTS.labels("cart").inc()
    # A text would take four times the memory. JSON is one line.
    return b"event: cart\ndata: %b\nid: %b\n\n" % (cart.body, cart.etag.encode())


def _ending(reason: EndReason) -> bytes:
    CART_STREAM_EVENTS.labels(reason).inc()
    return format_sse_event(event="end", data_str=orjson.dumps({"reason": reason}).decode())
