"""`python -m benchmarks.live`: the time from a change of a cart to its event in clients that have it open.

Each customer has the cart open at two replicas or more and adds through the gateway. The time counts from the
answer of the add to the arrival of the event. An event that comes before the answer counts as 0. It starts
its own shop, or uses the one at `--url`. Ends with status 1 if events were late (`--within`).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from contextlib import AsyncExitStack
from typing import Any

import httpx
import orjson
from rich.console import Console

from benchmarks.shop import shop_address
from trolley.catalogue import demo

PATH = "/api/v1/cart"
LONGEST_SECONDS = 30.0


class Window:
    """A client that has the cart open, and records when each version arrived."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers
        self._changed = asyncio.Event()
        self.arrived: dict[int, float] = {}

    async def watch(self) -> None:
        """Reads events until it is cancelled or the stream ends."""
        async with self._client.stream("GET", f"{PATH}/events", headers=self._headers) as response:
            response.raise_for_status()
            event: dict[str, bytes] = {}
            rest = b""
            async for chunk in response.aiter_bytes():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    event = self._take(event, line)

    async def wait_for(self, version: int) -> float:
        """The time at which that version, or a later one, arrived. Raises TimeoutError."""
        async with asyncio.timeout(LONGEST_SECONDS):
            while not (times := [at for known, at in self.arrived.items() if known >= version]):
                self._changed.clear()
                await self._changed.wait()
        return min(times)

    def _take(self, event: dict[str, bytes], line: bytes) -> dict[str, bytes]:
        name, _, value = line.partition(b": ")
        if name:
            return {**event, name.decode(): value}
        if event.get("event") == b"cart":
            self.arrived[orjson.loads(event["data"])["version"]] = time.perf_counter()
            self._changed.set()
        return {}


class Customer:
    """A guest with a cart open in several windows."""

    def __init__(self, client: httpx.AsyncClient, token: str, product_id: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"}
        self._item = {"product_id": product_id}

    async def add(self) -> dict[str, Any]:
        answer = await self.client.post(f"{PATH}/items", json=self._item, headers=self.headers)
        cart: dict[str, Any] = answer.raise_for_status().json()
        return cart

    async def measure(self, windows: int, adds: int, pause: float) -> list[float]:
        """The seconds from each answer to each event."""
        opened = [Window(self.client, self.headers) for _ in range(windows)]
        watching = [asyncio.create_task(window.watch()) for window in opened]
        try:
            for window in opened:
                await window.wait_for(0)
            delays: list[float] = []
            for _ in range(adds):
                version = (await self.add())["version"]
                answered = time.perf_counter()
                arrivals = await asyncio.gather(*(window.wait_for(version) for window in opened))
                delays += [max(0.0, arrival - answered) for arrival in arrivals]
                await asyncio.sleep(pause)
            return delays
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)


async def customers(client: httpx.AsyncClient, count: int) -> list[Customer]:
    """`count` guests."""
    page = await client.get("/api/v1/products", params={"in_stock": "true", "limit": 1})
    product_id = page.raise_for_status().json()["items"][0]["id"]
    found = []
    for _ in range(count):
        session = (await client.post("/api/v1/auth/guest")).raise_for_status().json()
        found.append(Customer(client, session["access_token"], product_id))
    return found


def _options() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    arguments.add_argument("--clients", type=int, default=8, help="customers at once (8)")
    arguments.add_argument("--windows", type=int, default=2, help="streams of each, on replicas in turn (2)")
    arguments.add_argument("--adds", type=int, default=50, help="adds of each (50)")
    arguments.add_argument("--pause", type=float, default=0.05, help="seconds between two of them (0.05)")
    arguments.add_argument("--within", type=float, default=200, help="milliseconds allowed at p95 (200)")
    arguments.add_argument("--carts", type=int, default=2, help="replicas of the cart service (2)")
    arguments.add_argument("--url", help="a running shop")
    return arguments.parse_args()


async def main() -> int:
    """The exit status."""
    chosen, console = _options(), Console()
    async with AsyncExitStack() as stack:
        base_url = await stack.enter_async_context(shop_address(chosen.url, demo, chosen.carts))
        limits = httpx.Limits(max_connections=None)
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=base_url, timeout=LONGEST_SECONDS, limits=limits)
        )
        busy = await customers(client, chosen.clients)
        measured = (it.measure(chosen.windows, chosen.adds, chosen.pause) for it in busy)
        delays = sorted(delay * 1000 for found in await asyncio.gather(*measured) for delay in found)
        median, p95 = delays[len(delays) // 2], delays[int(len(delays) * 0.95)]
        console.print(
            f"{len(delays):,} events, ms after the answer: median {median:.1f}, p95 {p95:.1f},"
            f" latest {delays[-1]:.1f}"
        )
        return 0 if p95 <= chosen.within else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
