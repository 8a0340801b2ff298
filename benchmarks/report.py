"""The measurements as a table, each beside the bare routes of the same run."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from benchmarks.load import Load

BARE_ROUTE = "bare route"
BARE_REDIS = "bare route, Redis GET"


def show(console: Console, loads: Mapping[str, Load]) -> None:
    """Prints a line for each load. 0.50 at "/ bare" means half as many answers a second as the bare route."""
    table = Table(title="Through the gateway, one replica of each service; times in ms", title_justify="left")
    table.add_column("request", no_wrap=True)
    for column in ("per s", "median", "p99", "/ bare", "/ Redis", "errors"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, load in loads.items():
        table.add_row(name, *_figures(load, loads))
    console.print(table)


def _figures(load: Load, loads: Mapping[str, Load]) -> list[str]:
    refused = sum(count for status, count in load.statuses.items() if status >= 400)
    return [
        f"{load.per_second:,.0f}",
        f"{load.median:.1f}",
        f"{load.p99:.1f}",
        f"{load.per_second / loads[BARE_ROUTE].per_second:.2f}",
        f"{load.per_second / loads[BARE_REDIS].per_second:.2f}",
        f"{refused:,}" if refused else "",
    ]
