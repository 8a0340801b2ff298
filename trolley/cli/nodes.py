"""`trolley nodes`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from shared.jetstream.presence import Node, list_nodes
from trolley.bus import nats_client
from trolley.cli.console import console, execute, fail
from trolley.environment import operator_environment


def nodes(
    timeout: Annotated[float, typer.Option(help="Seconds to wait for answers.", min=0.1)] = 1.0,
    tasks: Annotated[bool, typer.Option("--tasks", help="Show the background tasks.")] = False,
) -> None:
    """Show the running replicas and their load, as they answer over NATS."""
    found = execute(_nodes(timeout))
    if not found:
        fail("NATS answers, but no replica does. If the shop is starting, try again in a moment.")
    console.print(tasks_table(found) if tasks else table_of(found, datetime.now(UTC)))


async def _nodes(timeout: float) -> list[Node]:
    async with nats_client(operator_environment()) as client:
        return await list_nodes(client, timeout)


def table_of(found: Iterable[Node], now: datetime) -> Table:
    """A row for each replica."""
    table = Table("Service", "Replica", "Host", "Version", "Up", title="Replicas")
    for heading in ("Req/s", "Lag", "CPU"):
        table.add_column(heading, justify="right")
    for node in found:
        load = node.load
        table.add_row(
            node.service,
            node.id[-8:],
            node.host,
            node.version,
            str(timedelta(seconds=round((now - node.started).total_seconds()))),
            f"{load.requests_per_second:,.1f}",
            f"{load.loop_lag_ms:.1f} ms",
            f"{load.cpu:.0%}",
        )
    return table


def tasks_table(found: Iterable[Node]) -> Table:
    """A row for each task of each replica."""
    table = Table("Service", "Replica", "Task", title="Background tasks")
    for node in found:
        for task in node.tasks:
            table.add_row(node.service, node.id[-8:], task)
    return table
