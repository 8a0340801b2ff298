"""The command `trolley emit`."""

from __future__ import annotations

from pathlib import Path

from tests.support.events import Recorder, running_bus
from tests.support.servers import NatsServer
from tests.support.terminal import Terminal
from tests.support.waiting import eventually


async def test_a_fact_reaches_the_consumers_of_its_subject(nats_server: NatsServer, tmp_path: Path) -> None:
    (tmp_path / "body.json").write_text('{"name": "Caf\u00e9"}')
    terminal = Terminal(tmp_path, {"NATS_URL": nats_server.url})
    async with running_bus(nats_server.url) as bus:
        recorder = Recorder()
        await bus.subscribe("listener", {"shop.cart.price_changed.*": recorder})
        emitted = await terminal.run(
            "emit", "shop.cart.price_changed.c1", "-d", "@body.json", "--version", "7"
        )
        assert emitted.status == 0, emitted
        await eventually(lambda: recorder.events)
    (event,) = recorder.events
    assert (event.type, event.entity_id, event.version) == ("cart.price_changed", "c1", 7)
    assert event.data == {"name": "Caf\u00e9"}
    assert event.to_json()["source"] == "/cart"
    assert 'shop.cart.price_changed.c1 v7 {"name":"Caf\u00e9"}' in emitted.output
