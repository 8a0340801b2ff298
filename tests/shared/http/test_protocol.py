"""The head and the body of an answer leave in one write."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import uvicorn

from shared.http.protocol import JoiningProtocol, JoiningTransport
from tests.support.waiting import eventually


class Recorder:
    """A transport."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        assert not self.is_closed
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def transport(recorder: Recorder) -> JoiningTransport:
    return JoiningTransport(recorder, asyncio.get_running_loop())  # type: ignore[arg-type]


async def test_a_body_goes_with_its_head_at_once(recorder: Recorder, transport: JoiningTransport) -> None:
    transport.write(b"head ")
    assert recorder.written == []
    transport.write(b"body")
    assert recorder.written == [b"head body"]
    await asyncio.sleep(0)
    assert recorder.written == [b"head body"]


@pytest.mark.parametrize("rest", [[], [b""]], ids=["no body", "an empty one"])
async def test_a_head_alone_waits_no_longer_than_a_turn(
    recorder: Recorder, transport: JoiningTransport, rest: list[bytes]
) -> None:
    for data in (b"head", *rest):
        transport.write(data)
    await asyncio.sleep(0)
    assert recorder.written == [b"head"]


async def test_pieces_of_a_long_answer_keep_their_order(
    recorder: Recorder, transport: JoiningTransport
) -> None:
    sent = [b"%d " % number for number in range(7)]
    for data in sent:
        transport.write(data)
        if data in (sent[2], sent[3]):
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert b"".join(recorder.written) == b"".join(sent)


async def test_closing_writes_what_is_held(recorder: Recorder, transport: JoiningTransport) -> None:
    transport.write(b"head")
    transport.close()
    assert (recorder.written, recorder.is_closed) == ([b"head"], True)
    await asyncio.sleep(0)
    assert recorder.written == [b"head"]


async def test_everything_else_is_the_transports_own(transport: JoiningTransport) -> None:
    assert transport.get_extra_info("socket") == "the socket"


async def silent(_scope: Any, _receive: Any, _send: Any) -> None:
    raise AssertionError("what is not HTTP reaches no application")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Of a server that speaks the protocol."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(silent, log_config=None, http=JoiningProtocol, lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await eventually(lambda: server.started)
    yield listener.getsockname()[1]
    server.should_exit = True
    await task
    listener.close()


@pytest.mark.parametrize(
    ("target", "status", "kind"),
    [
        ("/a?q=café".encode(), 400, "malformed-request"),
        (b"/caf\xe9", 400, "malformed-request"),
        (b"/" + b"x" * 66_000, 414, "target-too-long"),
        (b"/?q=" + b"x" * 66_000, 414, "target-too-long"),
        (b"", 400, "malformed-request"),
    ],
)
async def test_what_is_not_http_is_told_in_a_problem_document(
    port: int, target: bytes, status: int, kind: str
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET " + target + b" HTTP/1.1\r\nHost: shop\r\n\r\n")
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert first.startswith(f"HTTP/1.1 {status} ")
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    problem = orjson.loads(body)
    assert (problem["type"], problem["status"]) == (f"urn:trolley:problem:{kind}", status)
    assert problem["request_id"] == headers["x-request-id"]
