"""The ordered feed breaks instead of leaving a message out. (A working server sends messages in order.)"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.jetstream.feed import Feed
from shared.jetstream.requests import Requests
from shared.jetstream.session import NatsSession


class Line(Client):
    """A client whose messages the test sends."""

    def __init__(self) -> None:
        super().__init__()
        self.arrive: Callable[[Msg], Awaitable[None]] | None = None
        self.sent: list[str] = []

    async def subscribe(self, subject: str, *_: Any, cb: Any = None, **__: Any) -> Any:
        self.arrive = cb
        return self

    async def unsubscribe(self) -> None:
        self.arrive = None

    async def publish(self, subject: str, *_: Any, **__: Any) -> None:
        self.sent.append(subject)

    async def message(self, number: int) -> None:
        reply = f"$JS.ACK.KV_x.consumer.1.{number + 100}.{number}.1700000000000000000.0"
        await self._arrives(Msg(self, "$KV.x.key", reply, str(number).encode()))

    async def control(self, reply: str = "", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        await self._arrives(Msg(self, "inbox", reply, b"", {"Status": "100", **named}))

    async def _arrives(self, message: Msg) -> None:
        assert self.arrive is not None
        await self.arrive(message)


class Api(Requests):
    """Makes consumers."""

    async def call(self, endpoint: str, body: Any = None) -> dict[str, Any]:
        return {"name": "consumer", "num_pending": 0}


class Followed:
    """A feed, its connection, and the messages that it passed on."""

    def __init__(self) -> None:
        self.line = Line()
        self.session = NatsSession(self.line, Api(self.line, 1))
        self.received: list[bytes] = []
        self.feed = Feed(self.session, "KV_x", lambda message: self.received.append(message.data))

    async def breaks(self) -> bool:
        try:
            async with asyncio.timeout(0.5):
                await self.feed.wait_broken()
        except TimeoutError:
            return False
        return True


@pytest.fixture
async def followed() -> Followed:
    followed = Followed()
    await followed.feed.open({"deliver_policy": "all"})
    return followed


async def test_messages_in_turn_are_handed_over(followed: Followed) -> None:
    for number in (1, 2, 3):
        await followed.line.message(number)
    assert followed.received == [b"1", b"2", b"3"]
    assert not await followed.breaks()


@pytest.mark.parametrize("number", [1, 3, 4])
async def test_a_message_out_of_turn_breaks_it_and_is_not_handed_over(
    followed: Followed, number: int
) -> None:
    await followed.line.message(1)
    await followed.line.message(number)
    await followed.line.message(2)
    assert await followed.breaks()
    assert followed.received == [b"1"]


async def test_a_heartbeat_that_knows_of_more_messages_breaks_it(followed: Followed) -> None:
    await followed.line.message(1)
    await followed.line.control(Nats_Last_Consumer="1")
    assert not await followed.breaks()
    await followed.line.control(Nats_Last_Consumer="2")
    assert await followed.breaks()


async def test_questions_of_flow_control_are_answered(followed: Followed) -> None:
    await followed.line.control(reply="fc.1")
    await followed.line.control(Nats_Last_Consumer="0", Nats_Consumer_Stalled="fc.2")
    assert followed.line.sent == ["fc.1", "fc.2"]


async def test_the_end_of_the_session_breaks_it(followed: Followed) -> None:
    followed.session.end()
    assert await followed.breaks()


async def test_nothing_is_handed_over_after_close(followed: Followed) -> None:
    arrive = followed.line.arrive
    await followed.feed.close()
    followed.line.arrive = arrive  # what was on its way
    await followed.line.message(1)
    assert followed.received == []
    followed.session.end()


async def test_a_feed_in_a_session_that_has_ended_is_broken() -> None:
    followed = Followed()
    followed.session.end()
    await followed.feed.open({"deliver_policy": "all"})
    assert await followed.breaks()
