"""`python -m benchmarks`: the whole shop under load, each figure beside its ceiling of the same run."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

import httpx
from rich.console import Console

from benchmarks import store_writes
from benchmarks.load import Load, Plan, generator, run
from benchmarks.report import show
from benchmarks.scenarios import scenarios
from benchmarks.shop import open_shop
from trolley.catalogues import demo
from trolley.local.stack import LocalStack

WARM_UP_SECONDS = 1.0


async def measure(stack: LocalStack, console: Console, connections: int, seconds: float) -> dict[str, Load]:
    """Every scenario in turn, after a warm-up of its own."""
    loop = asyncio.get_running_loop()
    async with httpx.AsyncClient(base_url=stack.base_url, timeout=30) as client:
        plans = await scenarios(client)
    loads = {}
    with generator() as process, console.status("") as status:
        for name, requests in plans.items():
            status.update(f"{name} …")
            for duration in (WARM_UP_SECONDS, seconds):
                plan = Plan(stack.gateway_port, requests, connections, duration)
                loads[name] = await loop.run_in_executor(process, run, plan)
    return loads


async def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    arguments.add_argument("--seconds", type=float, default=5, help="length of each measurement (5)")
    arguments.add_argument("--connections", type=int, default=32, help="requests in flight (32)")
    chosen = arguments.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as directory:
        async with open_shop(Path(directory), demo()) as stack:
            show(console, await measure(stack, console, chosen.connections, chosen.seconds))
    await store_writes.main()


if __name__ == "__main__":
    asyncio.run(main())
