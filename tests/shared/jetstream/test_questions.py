"""One service asks another, and gets one answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.errors import Unavailable
from shared.events.ports import BusUnavailable
from shared.ids import new_id
from shared.jetstream.nats_bus import NatsEventBus
from tests.support.events import running_bus
from tests.support.servers import NatsServer
from tests.support.waiting import eventually


@pytest.fixture
async def asker(nats_url: str) -> AsyncIterator[NatsEventBus]:
    async with running_bus(nats_url) as bus:
        yield bus


@pytest.fixture
async def answerer(nats_url: str) -> AsyncIterator[NatsEventBus]:
    async with running_bus(nats_url) as bus:
        yield bus


async def shout(question: bytes) -> bytes:
    match question:
        case b"away":
            raise Unavailable("the store is away")
        case b"bug":
            raise KeyError(question)
        case _:
            return question.upper()


async def once_answered(asker: NatsEventBus, subject: str, question: bytes) -> bytes:
    async def answered() -> bytes | None:
        try:
            return await asker.ask(subject, question)
        except BusUnavailable:
            return None

    answer = await eventually(answered)
    assert answer is not None
    return answer


async def test_a_question_is_answered_once_by_one_replica(
    asker: NatsEventBus, answerer: NatsEventBus
) -> None:
    subject = f"request.{new_id()}.export"
    replicas = [asyncio.create_task(answerer.answer(subject, shout)) for _ in range(2)]
    assert await once_answered(asker, subject, b"hello") == b"HELLO"
    for question in (b"away", b"bug"):
        with pytest.raises(BusUnavailable, match="failed"):
            await asker.ask(subject, question)
    assert await asker.ask(subject, b"again") == b"AGAIN"
    for replica in replicas:
        replica.cancel()


async def test_nobody_who_answers_is_told_at_once(asker: NatsEventBus) -> None:
    with pytest.raises(BusUnavailable):
        await asker.ask(f"request.{new_id()}.export", b"hello")


async def test_answers_go_on_after_nats_was_away(nats_server: NatsServer) -> None:
    async with running_bus(nats_server.url) as asker, running_bus(nats_server.url) as answerer:
        replica = asyncio.create_task(answerer.answer("request.x.export", shout))
        assert await once_answered(asker, "request.x.export", b"before") == b"BEFORE"
        nats_server.stop()
        nats_server.start()
        assert await once_answered(asker, "request.x.export", b"after") == b"AFTER"
        replica.cancel()
