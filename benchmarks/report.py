"""The measurements as tables, with their ceilings of the same run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.load import BenchmarkResult

BARE_ROUTE = "bare route"
BARE_REDIS = "bare route, Redis GET"
BARE_POST = "bare POST with token"
SUMMARY = "cart summary, cached"
ADD = "add to cart"


def show(console: Console, loads: Mapping[str, Sequence[BenchmarkResult]], setting: str) -> None:
    """Prints a line for each request. 0.50 at "/ bare" means half as many answers a second as the bare route.
    It is the median of the rounds, each compared with the bare route of the same round."""
    title = f"Through the gateway, one replica each, {setting}; times in ms"
    columns = ("request", "per s", "median", "p99", "/ bare", "/ Redis", "errors")
    show_table(console, title, columns, {name: _figures(rounds, loads) for name, rounds in loads.items()})
    add, summary = ratio(loads[ADD], loads[BARE_POST]), ratio(loads[SUMMARY], loads[BARE_REDIS])
    console.print(f"{ADD} ÷ {BARE_POST}: {add:.2f} (wanted: 0.35)")
    console.print(f"{SUMMARY} ÷ {BARE_REDIS}: {summary:.2f} (wanted: 0.80)")


def ratio(rounds: Sequence[BenchmarkResult], others: Sequence[BenchmarkResult]) -> float:
    """The median of the ratios of pairs. If the machine is slow for a while, both of a pair are slow."""
    return median(one.per_second / other.per_second for one, other in zip(rounds, others, strict=True))


def show_cpu(console: Console, costs: Mapping[str, Sequence[Mapping[str, float]]], store: str) -> None:
    """Prints the microseconds of each process for one answer: the median of the rounds."""
    parts = list(next(iter(costs.values()))[0])
    rows = {
        name: [f"{median(spent[part] for spent in rounds):,.0f}" for part in parts]
        for name, rounds in costs.items()
    }
    title = f"Processor time for one answer, on {store}; µs (all that a process did meanwhile)"
    show_table(console, title, ("request", *parts), rows)


def show_trips(console: Console, trips: Mapping[str, Mapping[str, float]]) -> None:
    """Prints the average trips for one answer of each request."""
    counted = next(iter(trips.values()))
    rows = {name: [f"{trip[name]:.2f}" for trip in trips.values()] for name in counted}
    show_table(console, "For one answer, as the replica counted in /metrics", ("", *trips), rows)


def show_pair(console: Console, title: str, loads: Mapping[str, BenchmarkResult], wanted: float) -> None:
    """Prints two loads that were measured in turns, and the ratio of the first to the second."""
    rows = {
        name: [f"{load.quantile(share):.2f}" for share in (0.5, 0.95)] + [f"{load.answers:,}"]
        for name, load in loads.items()
    }
    show_table(console, title, ("", "median", "p95", "answers"), rows)
    first, second = (load.quantile(0.95) for load in loads.values())
    console.print(f"ratio of the p95: {first / second:.2f} (wanted: at most {wanted})")


def _figures(rounds: Sequence[BenchmarkResult], loads: Mapping[str, Sequence[BenchmarkResult]]) -> list[str]:
    load = reduce(BenchmarkResult.and_then, rounds)
    refused = sum(count for status, count in load.statuses.items() if status >= 400)
    return [
        f"{load.per_second:,.0f}",
        f"{load.quantile(0.5):.1f}",
        f"{load.quantile(0.99):.1f}",
        f"{ratio(rounds, loads[BARE_ROUTE]):.2f}",
        f"{ratio(rounds, loads[BARE_REDIS]):.2f}",
        f"{refused:,}" if refused else "",
    ]


def show_table(
    console: Console, title: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]]
) -> None:
    """Prints a line for each row, its name first."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="left" if column == columns[0] else "right")
    for name, figures in rows.items():
        table.add_row(name, *figures)
    console.print(table)
