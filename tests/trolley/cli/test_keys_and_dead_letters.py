"""The commands `trolley keys` and `trolley dead-letters`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.events.ports import Bucket
from shared.jetstream.delivery import RetryPolicy
from shared.jetstream.nats_bus import NatsEventBus
from shared.security.keyring import AUTH_KEYS
from tests.support.events import Recorder, an_event, running_bus
from tests.support.servers import NatsServer, RedisServer
from tests.support.terminal import Terminal
from tests.support.waiting import eventually

LETTERS = "dead-letters"


class Failing(Recorder):
    """Fails until it is repaired."""

    is_mended = False

    async def __call__(self, event: Any) -> None:
        await super().__call__(event)
        if not self.is_mended:
            raise ValueError(f"cannot handle {event.entity_id}")


@pytest.fixture
def terminal(tmp_path: Path, nats_server: NatsServer, redis_server: RedisServer) -> Terminal:
    (tmp_path / "store").mkdir()
    addresses = {"NATS_URL": nats_server.url, "REDIS_URL": redis_server.url}
    return Terminal(tmp_path, {**addresses, "SQLITE_DIRECTORY": str(tmp_path / "store")})


@pytest.fixture
async def bus(nats_server: NatsServer) -> AsyncIterator[NatsEventBus]:
    policy = RetryPolicy(delays=(0.01,), ack_seconds=0.5, outage_seconds=30)
    async with running_bus(nats_server.url, policy=policy) as started:
        yield started


async def keys_in(bucket: Bucket) -> set[str]:
    return {entry.key async for entry in bucket.scan()}


async def test_a_new_key_is_published_beside_the_old_ones(terminal: Terminal, bus: NatsEventBus) -> None:
    bucket = await bus.bucket(AUTH_KEYS)
    assert (await terminal.run("keys", "rotate")).status == 0
    before = await keys_in(bucket)
    rotated = await terminal.run("keys", "rotate")
    assert rotated.status == 0, rotated
    (new,) = await keys_in(bucket) - before
    assert new in rotated.output
    assert before < await keys_in(bucket)


async def test_dead_letters_are_listed_retried_and_dropped(terminal: Terminal, bus: NatsEventBus) -> None:
    assert "no dead letters" in (await terminal.run(LETTERS, "list")).output
    handler = Failing()
    await bus.subscribe("failing", {"shop.user.*.*": handler})
    events = [an_event(entity_id=name) for name in ("one", "two", "three")]
    for event in events:
        await bus.publish(event)

    async def listed() -> list[Any]:
        return (await terminal.run(LETTERS, "list", "--json")).lines

    async def all_are_dead() -> list[Any]:
        letters = await listed()
        return letters if len(letters) == 3 else []

    letters = await eventually(all_are_dead)
    by_entity = {orjson.loads(letter["event"])["subject"]: letter for letter in letters}
    assert set(by_entity) == {"one", "two", "three"}
    table = await terminal.run(LETTERS, "list")
    assert "cannot handle one" in table.output
    handler.is_mended = True
    handler.events.clear()
    number = str(by_entity["two"]["number"])
    assert (await terminal.run(LETTERS, "retry", number)).status == 0
    await eventually(lambda: [event.entity_id for event in handler.events] == ["two"])
    assert (await terminal.run(LETTERS, "drop", str(by_entity["one"]["number"]))).status == 0
    assert [letter["number"] for letter in await listed()] == [by_entity["three"]["number"]]
    assert (await terminal.run(LETTERS, "retry", "--all")).status == 0
    await eventually(lambda: [event.entity_id for event in handler.events] == ["two", "three"])
    assert await listed() == []


@pytest.mark.parametrize("arguments", [("retry",), ("drop",), ("drop", "7"), ("retry", "7", "--all")])
async def test_what_to_do_is_asked_for_when_it_is_not_clear(
    terminal: Terminal, bus: NatsEventBus, arguments: tuple[str, ...]
) -> None:
    result = await terminal.run(LETTERS, *arguments)
    assert result.status == 1
    assert "Traceback" not in result.errors
    assert "dead letter 7" in result.errors or "--all" in result.errors


async def test_without_nats_the_setting_is_named(terminal: Terminal) -> None:
    result = await terminal.run(LETTERS, "list", NATS_URL="nats://127.0.0.1:1")
    assert result.status == 1
    assert "NATS_URL" in result.errors
