"""The programs of the local run."""

from __future__ import annotations

from pathlib import Path

from shared.events.ports import BucketConfig
from shared.ids import new_id
from tests.support.events import an_event, running_bus
from tests.support.servers import NatsServer, NatsServerOfShop
from trolley.local.programs import adopt_former_streams


async def test_streams_of_a_release_without_accounts_find_their_account(tmp_path: Path) -> None:
    products, event = BucketConfig("products"), an_event(entity_id=new_id())
    former = NatsServer(tmp_path)
    former.start()
    async with running_bus(former.url) as bus:
        await (await bus.bucket(products)).put("p1", b"entry")
        await bus.publish(event)
    former.stop()
    adopt_former_streams(tmp_path / "jetstream")
    adopt_former_streams(tmp_path / "jetstream")
    server = NatsServerOfShop(tmp_path)
    server.start()
    try:
        async with (
            running_bus(server.url_of("auth")) as auth,
            running_bus(server.url_of("products")) as bus,
        ):
            entry = await (await bus.bucket(products)).get("p1")
            assert entry is not None
            assert entry.value == b"entry"
            info = await auth.connection.session.requests.call("STREAM.INFO.SHOP")
            assert info["state"]["messages"] == 1
    finally:
        server.stop()
