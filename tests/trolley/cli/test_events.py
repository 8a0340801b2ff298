"""The command `trolley events`, and its end by Ctrl-C."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from shared.events.envelope import Event
from tests.support.events import an_event, running_bus
from tests.support.servers import NatsServer
from tests.support.terminal import Result, Terminal, interrupt
from trolley.cli.events import line_of
from trolley.events import Fact


@pytest.fixture
async def published(nats_server: NatsServer) -> AsyncIterator[Event]:
    event = an_event("cart.updated", version=3, note="[red]")
    async with running_bus(nats_server.url) as bus:
        await bus.publish(event)
        yield event


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["plain", "json"])
async def test_a_line_for_each_event_until_ctrl_c(
    nats_server: NatsServer, published: Event, tmp_path: Path, options: tuple[str, ...]
) -> None:
    terminal = Terminal(tmp_path, {"NATS_URL": nats_server.url})
    process = await terminal.start("events", "--subject", "shop.cart.>", "--since", "1h", *options)
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    assert await interrupt(process) == Result(0, "", "")
    if options:
        assert Event.from_json(orjson.loads(line)).id == published.id
    else:
        assert f'{published.subject} v3 {{"note":"[red]"}}' in line.decode()


@pytest.mark.parametrize(
    "options",
    [
        ("--since", "soon"),
        ("--since", "999999d"),
        ("--subject", "dead.>"),
        ("--subject", "shop.a b"),
        ("--subject", "shop.>.x"),
        ("--subject", "shop."),
    ],
)
async def test_what_makes_no_sense_is_a_line(
    nats_server: NatsServer, tmp_path: Path, options: tuple[str, ...]
) -> None:
    result = await Terminal(tmp_path, {"NATS_URL": nats_server.url}).run("events", *options)
    assert result.status == 1
    assert options[1] in result.errors
    assert "Traceback" not in result.errors


def test_what_is_no_event_is_shown_as_it_came() -> None:
    assert line_of(Fact("shop.x.y.z", b"[nonsense]")).plain == "shop.x.y.z [nonsense]"
