"""The output and the ratios of `make bench`."""

from __future__ import annotations

import io

from rich.console import Console

from benchmarks.__main__ import in_turns
from benchmarks.load import BenchmarkResult
from benchmarks.report import ADD, BARE_POST, BARE_REDIS, BARE_ROUTE, SUMMARY, ratio, show, show_cpu


def load(per_second: int) -> BenchmarkResult:
    return BenchmarkResult(1.0, {200: per_second}, [1.0])


def test_scenarios_are_measured_in_turns() -> None:
    assert list(in_turns(["bare", "add"], 3)) == ["bare", "add", "bare", "add", "bare", "add"]


def test_each_round_is_judged_by_its_own_pair() -> None:
    """Rounds of a machine that becomes slower in each of them."""
    bare = [load(1000), load(500), load(100)]
    assert ratio([load(500), load(250), load(50)], bare) == 0.5


def test_one_odd_round_decides_nothing() -> None:
    assert ratio([load(500), load(10), load(500)], [load(1000)] * 3) == 0.5


def test_the_processor_time_of_each_process_is_printed_beside_the_rates() -> None:
    names = (BARE_ROUTE, BARE_REDIS, BARE_POST, SUMMARY, ADD)
    console = Console(file=io.StringIO(), width=120)
    show(console, {name: [load(1234)] for name in names}, "sqlite")
    rounds = [{"gateway": 150.0, "cart": 431.0}, {"gateway": 170.0, "cart": 433.0}]
    show_cpu(console, {ADD: [*rounds, {"gateway": 9000.0, "cart": 9000.0}]}, "sqlite")
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    rates, costs = printed.split("Processor time")
    assert "1,234" in rates
    [head] = [line for line in costs.splitlines() if "gateway" in line]
    [row] = [line for line in costs.splitlines() if ADD in line]
    assert "µs" in costs
    assert [cell.strip() for cell in head.strip("┃").split("┃")] == ["request", "gateway", "cart"]
    assert [cell.strip() for cell in row.strip("│").split("│")] == [ADD, "170", "433"]
