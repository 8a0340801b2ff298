"""A live cart as Server-Sent Events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from functools import partial

import orjson
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cart_service.carts.ports import Rendered
from cart_service.live.feed import CartStream, EndReason
from cart_service.live.service import LiveCarts
from cart_service.metrics import CART_STREAM_EVENTS
from shared.errors import ShopError
from shared.security.identity import Identity

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
COPIES = 2
"""Of a cart that is being sent: as it was rendered, and as it waits in the connection."""
SHORTEST_RETRY_MILLIS, LONGEST_RETRY_MILLIS = 500, 1500


class CartEvents(Response):
    """Sends events until the stream ends or its client leaves. HEAD is answered with the headers alone.

    It takes its place among the streams when it is sent, so that none is taken by an answer that never is.
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
        await stream.give(partial(send, start))
        beginning = {"type": "http.response.body", "body": _beginning(), "more_body": True}
        await stream.give(partial(send, beginning))
        while (reason := await self._send_next(stream, send)) is None:
            pass
        await stream.give(partial(send, {"type": "http.response.body", "body": _ending(reason)}))

    async def _send_next(self, stream: CartStream, send: Send) -> EndReason | None:
        """Nothing of an event is kept once it is sent: a stream waits for the next one for long."""
        event = await stream.next()
        if isinstance(event, EndReason):
            return event
        held_bytes = COPIES * len(event.body) if event is not None else 0
        await stream.give(partial(_send_whole, send, event), held_bytes)
        return None


async def _send_whole(send: Send, event: Rendered | None) -> None:
    """Encodes the event and returns once the client has taken nearly all of it; a server takes what is sent
    in any length."""
    await send({"type": "http.response.body", "body": _encode(event), "more_body": True})
    await asyncio.sleep(0)  # it is written at the end of the event loop's turn
    await send({"type": "http.response.body", "body": b"", "more_body": True})


async def _end_when_gone(receive: Receive, stream: CartStream) -> None:
    with suppress(ShopError):  # of a body that nobody asked for
        while (await receive())["type"] != "http.disconnect":
            pass
    stream.end(EndReason.LEFT)


def _beginning() -> bytes:
    """When to come back. Not all at the same moment, should a replica leave them all at once."""
    return format_sse_event(retry=random.randint(SHORTEST_RETRY_MILLIS, LONGEST_RETRY_MILLIS))


def _encode(cart: Rendered | None) -> bytes:
    if cart is None:
        return KEEPALIVE_COMMENT
    CART_STREAM_EVENTS.labels("cart").inc()
    # As text it would take four times the memory. It is JSON, and so one line.
    return b"event: cart\ndata: %b\nid: %b\n\n" % (cart.body, cart.etag.encode())


def _ending(reason: EndReason) -> bytes:
    CART_STREAM_EVENTS.labels(reason).inc()
    return format_sse_event(event="end", data_str=orjson.dumps({"reason": reason}).decode())
