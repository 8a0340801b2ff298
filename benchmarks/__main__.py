"""`python -m benchmarks`: the whole shop under load. Each figure has its ceiling of the same run beside
it."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import httpx
from rich.console import Console

from benchmarks import accounts, gateway, latency, store_writes
from benchmarks.costs import Counts, Spent, add_counts, counted, divide, for_each_answer, spent_by_all
from benchmarks.load import BenchmarkPlan, BenchmarkResult, generator, run
from benchmarks.report import ADD, SUMMARY, show, show_cpu, show_pair, show_trips
from benchmarks.scenarios import scenarios
from benchmarks.shop import ELASTICSEARCH, open_shop, stores
from trolley.catalogue import demo
from trolley.local.stack import LocalStack

ROUNDS = 4
WARM_UP_SECONDS, ADD_WARM_UP_SECONDS = 1.0, 8.0
"""Before the first round. The JVM of a store compiles for some seconds."""
QUICK_PRODUCTS = 10_000
GATEWAY_TURNS = 6
PARTS = ("gateway", "throughput", "accounts", "latency", "writes")
Trips = dict[str, Counts]
Loads = Mapping[str, Sequence[BenchmarkResult]]
Costs = Mapping[str, Sequence[Spent]]


async def measure(
    process: ProcessPoolExecutor, stack: LocalStack, connections: int, seconds: float
) -> tuple[Loads, Costs, Trips]:
    """Runs the scenarios in turns. Returns the loads, the processor time, and the trips of the cart."""
    loop = asyncio.get_running_loop()
    async with httpx.AsyncClient(base_url=stack.base_url, timeout=30) as client:
        plans = await scenarios(client)

    async def load(name: str, duration: float) -> BenchmarkResult:
        plan = BenchmarkPlan(stack.gateway_port, plans[name], connections, duration)
        return await loop.run_in_executor(process, run, plan)

    for name in plans:
        await load(name, ADD_WARM_UP_SECONDS if name == ADD else WARM_UP_SECONDS)
    loads: dict[str, list[BenchmarkResult]] = {name: [] for name in plans}
    costs: dict[str, list[Spent]] = {name: [] for name in plans}
    trips: Trips = {SUMMARY: {}, ADD: {}}
    for name in in_turns(plans, ROUNDS):
        before, spent = await counted(stack), spent_by_all(stack)
        done = await load(name, seconds / ROUNDS)
        loads[name].append(done)
        costs[name].append(for_each_answer(spent, spent_by_all(stack), done.answers))
        if name in trips:
            trips[name] = add_counts(trips[name], before, await counted(stack))
    answers = {name: sum(load.answers for load in loads[name]) for name in trips}
    return loads, costs, {name: divide(counts, answers[name]) for name, counts in trips.items()}


def in_turns(names: Iterable[str], rounds: int) -> Iterator[str]:
    """Every name in each round, so a machine that is slow for a while is slow for all of them."""
    return itertools.chain.from_iterable(itertools.repeat(list(names), rounds))


async def throughput(
    process: ProcessPoolExecutor, console: Console, store: str, chosen: argparse.Namespace
) -> None:
    """The shop with the demo catalogue beside bare routes."""
    with tempfile.TemporaryDirectory() as directory:
        async with open_shop(Path(directory), demo(), store=store) as stack:
            with console.status(f"throughput on {store} …"):
                loads, costs, trips = await measure(process, stack, chosen.connections, chosen.seconds)
    show(console, loads, f"{store}, {chosen.connections} connections")
    show_cpu(console, costs, store)
    show_trips(console, trips)


async def gateways(process: ProcessPoolExecutor, console: Console) -> None:
    """The gateway with other settings beside it, before a service that does nothing."""
    with tempfile.TemporaryDirectory() as directory, console.status("the gateway …"):
        costs = await gateway.compare(process, Path(directory), GATEWAY_TURNS)
    gateway.show(console, costs)


async def latencies(process: ProcessPoolExecutor, console: Console, store: str, *, quick: bool) -> None:
    """Large carts against small ones, then a large catalogue against a small one."""
    turns, large = (3, QUICK_PRODUCTS) if quick else (10, latency.LARGE)
    with tempfile.TemporaryDirectory() as directory:
        async with open_shop(Path(directory), latency.synthetic(latency.SMALL), store=store) as stack:
            with console.status(f"carts of many lines on {store} …"):
                lines = await latency.by_lines(process, stack, turns)
            show_pair(console, f"An add by the size of the cart, on {store}; ms", lines, 1.2)
            with console.status(f"a catalogue of {large:,} on {store} …"):
                sizes = (latency.SMALL, large)
                catalogues = await latency.by_catalogue(process, stack, store, turns, sizes)
            largest_first = dict(reversed([*catalogues.items()]))
            show_pair(console, f"An add by the size of the catalogue, on {store}; ms", largest_first, 1.2)


async def account_routes(
    process: ProcessPoolExecutor, console: Console, store: str, chosen: argparse.Namespace
) -> None:
    """Login, refresh and the profile beside their ceilings, and the profile while the replica hashes."""
    seconds = chosen.seconds / ROUNDS
    with tempfile.TemporaryDirectory() as directory:
        async with open_shop(Path(directory), demo(), store=store) as stack:
            with console.status(f"accounts on {store} …"):
                benchmark = accounts.AccountsBenchmark(process, stack, chosen.connections)
                await benchmark.prepare()
                loads, costs = await benchmark.measure(ROUNDS, seconds)
                latencies = await benchmark.latencies(ROUNDS, seconds)
    accounts.show(console, loads, costs, store)
    accounts.show_latencies(console, latencies, store)


async def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    arguments.add_argument("--seconds", type=float, default=6, help="length of each measurement, in all (6)")
    arguments.add_argument("--connections", type=int, default=64, help="requests in flight (64)")
    arguments.add_argument("--quick", action="store_true", help="fewer turns, and a smaller large catalogue")
    arguments.add_argument("--only", choices=PARTS, action="append", help="one part; may be repeated")
    chosen = arguments.parse_args()
    parts = chosen.only or PARTS
    console = Console()
    if ELASTICSEARCH not in stores():
        console.print("ELASTICSEARCH_URL is not set: SQLite alone is measured.")
    with generator() as process:
        if "gateway" in parts:
            await gateways(process, console)
        for store in stores():
            if "throughput" in parts:
                await throughput(process, console, store, chosen)
            if "accounts" in parts:
                await account_routes(process, console, store, chosen)
            if "latency" in parts:
                await latencies(process, console, store, quick=chosen.quick)
    if "writes" in parts:
        await store_writes.main()


if __name__ == "__main__":
    asyncio.run(main())
