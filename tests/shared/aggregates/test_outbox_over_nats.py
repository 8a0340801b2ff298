"""Documents, outbox, bus and consumer together, while NATS goes away."""

from __future__ import annotations

import asyncio
from pathlib import Path

from shared.aggregates.outbox import publish_to
from tests.shared.conftest import a_replica
from tests.support.events import Recorder, running_bus
from tests.support.servers import NatsServer
from tests.support.waiting import eventually


async def test_writes_go_on_while_nats_is_away_and_each_fact_arrives_once(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    handler = Recorder()
    async with (
        running_bus(nats_server.url, request_seconds=3600) as bus,  # a write that waited would end the test
        a_replica(tmp_path, publish_to(bus), quiet_seconds=0.1, overdue_seconds=1) as replica,
    ):
        await bus.subscribe("listener", {"shop.counter.counted.*": handler})
        await replica.outbox.start()
        ids = list(await asyncio.gather(*(replica.count(f"c{n % 20}") for n in range(200))))
        nats_server.kill()
        await eventually(lambda: not bus.connected)
        ids += await asyncio.gather(*(replica.count(f"c{n % 20}") for n in range(200)))
        await asyncio.to_thread(nats_server.start)
        ids += await asyncio.gather(*(replica.count(f"c{n % 20}") for n in range(200)))
        await eventually(lambda: len(set(handler.ids)) == len(ids))
        assert set(handler.ids) == set(ids)
        stream = await bus.client.jetstream().stream_info("SHOP")
        assert stream.state.messages == len(ids)
        assert all([await replica.outbox.flushed(f"c{n}", 10) for n in range(20)])


async def test_what_was_delivered_twice_is_handled_once(nats_url: str, tmp_path: Path) -> None:
    handler = Recorder()
    async with running_bus(nats_url) as bus:
        await bus.subscribe(f"listener-{tmp_path.name}", {"shop.counter.counted.*": handler})
        document_id = tmp_path.name.replace("_", "-")
        # This replica publishes, and ends before it could clear them: its document still holds the event.
        async with a_replica(tmp_path, publish_to(bus), quiet_seconds=3600) as crashed:
            event_id = await crashed.count(document_id)
            await eventually(lambda: event_id in handler.ids)
            held = await crashed.pending(document_id)
            assert [event["id"] for event in held] == [event_id]
            async with a_replica(tmp_path, publish_to(bus), quiet_seconds=0.1, overdue_seconds=0.2) as other:
                await other.outbox.start()

                async def is_cleared() -> bool:
                    return not await other.pending(document_id)

                await eventually(is_cleared)
        assert handler.ids.count(event_id) == 1
