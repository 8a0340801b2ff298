"""Whether an add stays as fast in a large cart, and with a large catalogue.

Two loads take turns of a second each, at few connections: so noise hits both alike, and it is the time of an
answer that is measured, not a queue.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import httpx
import orjson

from benchmarks.load import Load, Plan, run
from benchmarks.scenarios import fill, guests, product_ids, request
from benchmarks.shop import open_shop
from trolley.catalogues import Catalogue
from trolley.local.stack import LocalStack

CARTS = 32
LINES = 200
CONNECTIONS = 2
TURN_SECONDS = 1.0
SMALL, LARGE = 1_000, 92_331
"""Products of a catalogue."""


def synthetic(size: int) -> Catalogue:
    """As many products, each with a name of its own."""

    def lines() -> Iterator[bytes]:
        for number in range(size):
            product = {"sku": f"BENCH-{number}", "name": f"Product {number}", "price": 100 + number % 9_000}
            yield orjson.dumps({**product, "stock": 1_000, "categories": [f"Shelf {number % 100}"]})

    return Catalogue("synthetic", lines(), size)


async def by_lines(process: ProcessPoolExecutor, stack: LocalStack, turns: int) -> Mapping[str, Load]:
    """An add to a cart of many lines, and to one of a single line."""
    plans = {
        f"{lines} lines": await _adds(stack, lines=lines, connections=CONNECTIONS) for lines in (LINES, 1)
    }
    return await in_turns(process, plans, turns)


async def by_catalogue(
    process: ProcessPoolExecutor, stack: LocalStack, turns: int, sizes: Sequence[int]
) -> Mapping[str, Load]:
    """An add to a small cart in this shop, which has the first of the sizes, and in one with the second."""
    with tempfile.TemporaryDirectory() as directory:
        async with open_shop(Path(directory), synthetic(sizes[1])) as other:
            plans = {
                f"{size:,} products": await _adds(shop, lines=3, connections=CONNECTIONS)
                for size, shop in zip(sizes, (stack, other), strict=True)
            }
            return await in_turns(process, plans, turns)


async def in_turns(process: ProcessPoolExecutor, plans: Mapping[str, Plan], turns: int) -> Mapping[str, Load]:
    """Each plan as often as there are turns, one after the other; the first turn of each warms up."""
    loop = asyncio.get_running_loop()
    loads: dict[str, Load] = {}
    for turn in range(turns + 1):
        for name, plan in plans.items():
            load = await loop.run_in_executor(process, run, plan)
            if turn:
                loads[name] = loads[name].and_then(load) if name in loads else load
    return loads


async def _adds(stack: LocalStack, *, lines: int, connections: int) -> Plan:
    """Adds to many carts of so many lines, each of a product that the cart has."""
    async with httpx.AsyncClient(base_url=stack.base_url, timeout=30) as client:
        tokens, products = await guests(client, CARTS), await product_ids(client, lines)
        for token in tokens:
            await fill(client, token, products)
    adds = [
        request("POST", "/api/v1/cart/items", token=token, body={"product_id": products[0]})
        for token in tokens
    ]
    return Plan(stack.gateway_port, adds, connections, TURN_SECONDS)
