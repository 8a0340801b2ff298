"""`python stand_in.py PORT NAME`: a service that does what a test of the gateway asks for by path.

It shares nothing with the real services, so that these tests measure the gateway alone.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
import uvicorn

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

released = asyncio.Event()
unready = asyncio.Event()


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """The last segment of the path, or a header, says what happens; anything else is echoed."""
    if scope["type"] != "http":
        return
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    request_id = headers.get("x-request-id", f"from-{sys.argv[2]}")
    *_, before, action = ["", *scope["path"].split("/")]
    if "x-stream" in headers:
        await stream(send)
        return
    size = await body_size(receive)
    if action == "release":
        released.set()
    if action == "unready":
        unready.set()
    if action == "die" or headers.get("x-dies") == sys.argv[2]:
        os._exit(1)
    if scope["path"].endswith("/health/ready") and unready.is_set():
        await answer(send, 503, request_id, {}, b"application/json")
        return
    if before in ("status", "problems") or "x-status" in headers:
        status = 200 if before == "problems" else int(headers.get("x-status", action))
        await answer(
            send,
            status,
            request_id,
            {"from": scope["path"], "query": scope["query_string"].decode()},
            b"application/problem+json",
        )
        return
    echo = {"replica": sys.argv[2], "method": scope["method"], "size": size, "headers": headers}
    echo["lines"] = [[name.decode(), value.decode()] for name, value in scope["headers"]]
    padding = "x" * int(headers.get("x-padding", "0"))
    await answer(send, 200, request_id, {**echo, "padding": padding}, b"application/json")


async def stream(send: Send) -> None:
    """One event at once, the second when another request has released it."""
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"data: first\n\n", "more_body": True})
    await released.wait()
    await send({"type": "http.response.body", "body": b"data: second\n\n"})


async def body_size(receive: Receive) -> int:
    """Reads the whole body."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    return size


async def answer(send: Send, status: int, request_id: str, body: Any, media_type: bytes) -> None:
    """A JSON answer with the headers that the tests look at."""
    headers = [
        (b"content-type", media_type),
        (b"x-request-id", request_id.encode()),
        (b"retry-after", b"7"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": orjson.dumps(body)})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", lifespan="off")
