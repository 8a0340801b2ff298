"""Whether an add stays as fast in a large cart, and with a large catalogue.

Two loads take turns of a second each, with few connections. So noise affects both in the same way, and the
figures are times of answers, not of a queue.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import httpx
import orjson

from benchmarks.load import BenchmarkPlan, BenchmarkResult, run
from benchmarks.scenarios import fill, guests, product_ids, request
from benchmarks.shop import open_shop
from product_service.products.model import product_id_of
from trolley.catalogue import ProductDataset
from trolley.local.stack import LocalStack

CARTS = 32
LINES = 200
CONNECTIONS = 2
TURN_SECONDS = 1.0
PURCHASES, PURCHASES_A_CART = 2_000, 4
"""Of a turn. They are more than it can make."""
SMALL, LARGE = 1_000, 92_331
"""Products of a catalogue."""


def sku_of(number: int) -> str:
    """The SKU of the product with that number in a `synthetic` catalogue."""
    return f"BENCH-{number}"


def synthetic(size: int) -> ProductDataset:
    """A catalogue of `size` products with different names."""

    def lines() -> Iterator[bytes]:
        for number in range(size):
            product = {"sku": sku_of(number), "name": f"Product {number}", "price": 100 + number % 9_000}
            yield orjson.dumps({**product, "stock": 1_000, "categories": [f"Shelf {number % 100}"]})

    return ProductDataset("synthetic", lines(), size)


async def by_lines(
    process: ProcessPoolExecutor, stack: LocalStack, turns: int
) -> Mapping[str, BenchmarkResult]:
    """An add to a cart of many lines, and to one of a single line."""
    plans = {f"{lines} lines": [await _adds(stack, lines)] * (turns + 1) for lines in (LINES, 1)}
    return await in_turns(process, plans)


async def by_catalogue(
    process: ProcessPoolExecutor, stack: LocalStack, store: str, turns: int, sizes: Sequence[int]
) -> Mapping[str, BenchmarkResult]:
    """An add to a small cart in this shop, which has the first of the sizes, and in one with the second."""
    with tempfile.TemporaryDirectory() as directory:
        async with open_shop(Path(directory), synthetic(sizes[1]), store=store) as other:
            plans = {
                f"{size:,} products": await _purchases(shop, size, turns + 1)
                for size, shop in zip(sizes, (stack, other), strict=True)
            }
            return await in_turns(process, plans)


async def in_turns(
    process: ProcessPoolExecutor, plans: Mapping[str, Sequence[BenchmarkPlan]]
) -> Mapping[str, BenchmarkResult]:
    """Runs the first plan of each, then the second of each, and so on. The first turn warms up."""
    loop = asyncio.get_running_loop()
    loads: dict[str, BenchmarkResult] = {}
    for turn, chosen in enumerate(zip(*plans.values(), strict=True)):
        for name, plan in zip(plans, chosen, strict=True):
            load = await loop.run_in_executor(process, run, plan)
            if turn:
                loads[name] = loads[name].and_then(load) if name in loads else load
    return loads


def _plan(stack: LocalStack, adds: Iterable[tuple[str, str]]) -> BenchmarkPlan:
    """Adds of (product, customer's token)."""
    path = "/api/v1/cart/items"
    requests = [request("POST", path, token=token, body={"product_id": product}) for product, token in adds]
    return BenchmarkPlan(stack.gateway_port, requests, CONNECTIONS, TURN_SECONDS)


async def _adds(stack: LocalStack, lines: int) -> BenchmarkPlan:
    """Adds to many carts of so many lines, each of a product that the cart has."""
    async with httpx.AsyncClient(base_url=stack.base_url, timeout=30) as client:
        tokens, products = await guests(client, CARTS), await product_ids(client, lines)
        for token in tokens:
            await fill(client, token, products)
    return _plan(stack, ((products[0], token) for token in tokens))


async def _purchases(stack: LocalStack, size: int, turns: int) -> list[BenchmarkPlan]:
    """For each turn, adds to small carts. People buy few products often, and most products rarely. So the
    products are drawn from the whole catalogue by Zipf's law: the product of rank n is drawn 1/n times as
    often as the first."""
    drawn = random.Random(size)
    weights = [1 / rank for rank in range(1, size + 1)]
    async with httpx.AsyncClient(base_url=stack.base_url, timeout=30) as client:
        tokens = await guests(client, PURCHASES // PURCHASES_A_CART)
    plans = []
    for _ in range(turns):
        numbers = drawn.choices(range(size), weights, k=PURCHASES)
        adds = zip((product_id_of(sku_of(it)) for it in numbers), itertools.cycle(tokens), strict=False)
        plans.append(_plan(stack, adds))
    return plans
