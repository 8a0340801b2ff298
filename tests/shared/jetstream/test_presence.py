"""Replicas answer requests for a list over NATS."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
import orjson
import pytest

from shared.jetstream.nats_bus import NatsEventBus
from shared.jetstream.presence import LoadMeter, Node, Presence, list_nodes
from tests.support.events import running_bus
from tests.support.servers import NatsServer
from tests.support.waiting import eventually


@asynccontextmanager
async def present(bus: NatsEventBus, name: str, meter: LoadMeter | None = None) -> AsyncIterator[None]:
    presence = Presence(
        bus.connection, meter or LoadMeter(lambda: 0.0), name=name, version="1.2.3", host="here"
    )
    presence.start()
    try:
        yield
    finally:
        await presence.close()


@pytest.fixture
async def operator(nats_server: NatsServer) -> AsyncIterator[NatsEventBus]:
    """Another connection, because a replica does not get its own messages."""
    async with running_bus(nats_server.url) as bus:
        yield bus


async def _nodes(operator: NatsEventBus, count: int) -> list[Node]:
    async def are_there() -> list[Node]:
        found = await list_nodes(operator.client, 2)
        assert len(found) == count
        return found

    return await eventually(are_there)


async def test_every_replica_is_listed_by_service(nats_server: NatsServer, operator: NatsEventBus) -> None:
    async with running_bus(nats_server.url) as one, running_bus(nats_server.url) as two:
        async with present(one, "cart"), present(two, "cart"), present(two, "auth"):
            nodes = await _nodes(operator, 3)
        assert [node.service for node in nodes] == ["auth", "cart", "cart"]
        assert len({node.id for node in nodes}) == 3
        assert {(node.version, node.host) for node in nodes} == {("1.2.3", "here")}


async def test_nobody_there_is_an_empty_list_without_a_wait(nats_server: NatsServer) -> None:
    """The wait is longer than the time limit of a test."""
    async with running_bus(nats_server.url) as bus:
        assert await list_nodes(bus.client, 3600) == []


async def test_a_replica_that_ended_is_not_listed(nats_server: NatsServer, operator: NatsEventBus) -> None:
    async with running_bus(nats_server.url) as bus:
        async with present(bus, "cart"):
            await _nodes(operator, 1)
            await bus.client.subscribe("$SRV.STATS", cb=_answer_nonsense)
            await _nodes(operator, 1)
        assert await list_nodes(operator.client, 1) == []


async def _answer_nonsense(question: nats.aio.msg.Msg) -> None:
    await question.respond(b"[]")


async def test_a_replica_is_listed_again_after_nats_restarted(
    nats_server: NatsServer, operator: NatsEventBus
) -> None:
    async with running_bus(nats_server.url) as bus, present(bus, "cart"):
        before = await _nodes(operator, 1)
        await asyncio.to_thread(nats_server.kill)
        await asyncio.to_thread(nats_server.start)
        await eventually(lambda: bus.connected and operator.connected)
        after = await _nodes(operator, 1)
        assert [(node.id, node.started) for node in after] == [(node.id, node.started) for node in before]


async def test_the_load_is_told(nats_server: NatsServer, operator: NatsEventBus) -> None:
    began = time.monotonic()
    meter = LoadMeter(lambda: (time.monotonic() - began) * 100)
    async with running_bus(nats_server.url) as bus, present(bus, "cart", meter):

        async def is_told() -> bool:
            nodes = await list_nodes(operator.client, 2)
            return all(_is_busy(node) for node in nodes) and len(nodes) == 1

        await eventually(is_told)


def _is_busy(node: Node) -> bool:
    return 50 < node.load.requests_per_second < 110 and node.load.cpu > 0


async def test_the_background_tasks_are_told(nats_server: NatsServer, operator: NatsEventBus) -> None:
    async with running_bus(nats_server.url) as bus, present(bus, "cart"):
        async with bus.connection.tasks.running("sweep", asyncio.sleep(3600)):
            (node,) = await _nodes(operator, 1)
            assert node.tasks == ("load-meter", "nats-connection", "presence", "sweep")
        (node,) = await _nodes(operator, 1)
        assert node.tasks == ("load-meter", "nats-connection", "presence")


async def test_a_replica_of_an_older_release_is_listed_without_tasks(
    nats_server: NatsServer, operator: NatsEventBus
) -> None:
    async def answer(question: nats.aio.msg.Msg) -> None:
        body = {"name": "cart", "id": "a", "version": "1.0.0", "metadata": {"host": "there"}}
        load = {"requests_per_second": 1.0, "loop_lag_ms": 0.5, "cpu": 0.1}
        await question.respond(orjson.dumps({**body, "started": "2026-01-01T00:00:00Z", "data": load}))

    async with running_bus(nats_server.url) as bus:
        await bus.client.subscribe("$SRV.STATS", cb=answer)
        (node,) = await _nodes(operator, 1)
    assert (node.id, node.load.cpu, node.tasks) == ("a", 0.1, ())


async def test_others_can_ask_by_the_protocol(nats_server: NatsServer, operator: NatsEventBus) -> None:
    async with running_bus(nats_server.url) as bus, present(bus, "cart"):
        (node,) = await _nodes(operator, 1)
        for verb in ("PING", "INFO", "STATS"):
            for subject in (f"$SRV.{verb}", f"$SRV.{verb}.cart", f"$SRV.{verb}.cart.{node.id}"):
                answer = orjson.loads((await operator.client.request(subject, timeout=60)).data)
                assert answer["type"] == f"io.nats.micro.v1.{verb.lower()}_response"
                assert (answer["name"], answer["id"], answer["version"]) == ("cart", node.id, "1.2.3")
