"""The measurements as tables, each beside its ceiling of the same run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.load import Load

BARE_ROUTE = "bare route"
BARE_REDIS = "bare route, Redis GET"
BARE_POST = "bare POST with token"
SUMMARY = "cart summary, cached"
ADD = "add to cart"


def show(console: Console, loads: Mapping[str, Load], setting: str) -> None:
    """Prints a line for each load. 0.50 at "/ bare" means half as many answers a second as the bare route."""
    title = f"Through the gateway, one replica each, {setting}; times in ms"
    columns = ("request", "per s", "median", "p99", "/ bare", "/ Redis", "errors")
    _print(console, title, columns, {name: _figures(load, loads) for name, load in loads.items()})
    per_second = {name: load.per_second for name, load in loads.items()}
    console.print(f"{ADD} ÷ {BARE_POST}: {per_second[ADD] / per_second[BARE_POST]:.2f} (wanted: 0.35)")
    console.print(
        f"{SUMMARY} ÷ {BARE_REDIS}: {per_second[SUMMARY] / per_second[BARE_REDIS]:.2f} (wanted: 0.80)"
    )


def show_trips(console: Console, trips: Mapping[str, Mapping[str, float]]) -> None:
    """Prints what one answer of each request cost on average."""
    counted = next(iter(trips.values()))
    rows = {name: [f"{trip[name]:.2f}" for trip in trips.values()] for name in counted}
    _print(console, "For one answer, as the replica counted in /metrics", ("", *trips), rows)


def show_pair(console: Console, title: str, loads: Mapping[str, Load], wanted: float) -> None:
    """Prints two loads that were measured in turns, and the ratio of the first to the second."""
    rows = {
        name: [f"{load.quantile(share):.2f}" for share in (0.5, 0.95)] + [f"{load.answers:,}"]
        for name, load in loads.items()
    }
    _print(console, title, ("", "median", "p95", "answers"), rows)
    first, second = (load.quantile(0.95) for load in loads.values())
    console.print(f"ratio of the p95: {first / second:.2f} (wanted: at most {wanted})")


def _figures(load: Load, loads: Mapping[str, Load]) -> list[str]:
    refused = sum(count for status, count in load.statuses.items() if status >= 400)
    return [
        f"{load.per_second:,.0f}",
        f"{load.quantile(0.5):.1f}",
        f"{load.quantile(0.99):.1f}",
        f"{load.per_second / loads[BARE_ROUTE].per_second:.2f}",
        f"{load.per_second / loads[BARE_REDIS].per_second:.2f}",
        f"{refused:,}" if refused else "",
    ]


def _print(console: Console, title: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]]) -> None:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="left" if column == columns[0] else "right")
    for name, figures in rows.items():
        table.add_row(name, *figures)
    console.print(table)
