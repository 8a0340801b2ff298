"""`python -m benchmarks.replay`: real baskets, put into carts through the gateway and compared line by line.

It needs the data set (`make dataset`). It starts its own shop, or uses the one at `--url`, which must have
the catalogue of `trolley seed --dataset completejourney`. Ends with status 1 if a cart differs from its
basket.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from subprocess import CalledProcessError
from typing import Any

import httpx
from rich.console import Console
from rich.progress import track

from benchmarks.shop import shop_address
from product_service.products.model import product_id_of
from shared.ids import new_id
from trolley.catalogue import completejourney
from trolley.datasets.completejourney import Basket, baskets

ATTEMPTS = 8
SHOWN = 10
# The answers of a gateway while a replica restarts.
PASSING = {httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT}


@dataclass(slots=True)
class ReplayResult:
    """The outcome of a replay. `differences` are texts about carts that differ from their baskets."""

    baskets: int = 0
    lines: int = 0
    differences: list[str] = field(default_factory=list)


async def replay(client: httpx.AsyncClient, waiting: Iterator[Basket], result: ReplayResult) -> None:
    """Replays baskets until none is left: a guest for each, an add for each line, then it reads the cart."""
    for basket_id, lines in waiting:
        guest = await _call(client, "POST", "/api/v1/auth/guest")
        headers = {"Authorization": f"Bearer {guest['access_token']}"}
        wanted = {product_id_of(sku): quantity for sku, quantity in lines}
        for product_id, quantity in wanted.items():
            body = {"product_id": product_id, "quantity": quantity}
            await _call(client, "POST", "/api/v1/cart/items", body, {**headers, "Idempotency-Key": new_id()})
        cart = await _call(client, "GET", "/api/v1/cart", headers=headers)
        held = {item["product_id"]: item["quantity"] for item in cart["items"]}
        result.baskets += 1
        result.lines += len(wanted)
        if held != wanted:
            result.differences.append(f"basket {basket_id}: {dict(wanted.items() ^ held.items())}")


async def _call(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The decoded answer. A passing failure is tried again, with the same Idempotency-Key."""
    for attempt in range(1, ATTEMPTS):
        try:
            response = await client.request(method, path, json=body, headers=headers)
        except httpx.TransportError:
            pass
        else:
            if response.status_code not in PASSING:
                break
        await asyncio.sleep(0.2 * attempt)
    else:
        response = await client.request(method, path, json=body, headers=headers)
    answer: dict[str, Any] = response.raise_for_status().json()
    return answer


async def replay_all(base_url: str, chosen: argparse.Namespace, console: Console) -> ReplayResult:
    """Replays baskets by several clients at once, and runs the command of `--meanwhile`."""
    result, third = ReplayResult(), asyncio.Event()
    first = _announced(islice(baskets(), chosen.baskets), chosen.baskets // 3, third)
    waiting = iter(track(first, "Baskets", total=chosen.baskets, console=console))
    async with httpx.AsyncClient(base_url=base_url, timeout=30) as client:
        clients = (replay(client, waiting, result) for _ in range(chosen.clients))
        await asyncio.gather(*clients, _meanwhile(chosen.meanwhile, third))
    return result


def _announced(all_baskets: Iterator[Basket], number: int, taken: asyncio.Event) -> Iterator[Basket]:
    """The same baskets. `taken` is set when the one of that number is taken."""
    for index, basket in enumerate(all_baskets):
        if index >= number:
            taken.set()
        yield basket


async def _meanwhile(command: str | None, third: asyncio.Event) -> None:
    """Runs the command after a third of the baskets. Raises `CalledProcessError`."""
    if command is None:
        return
    await third.wait()
    process = await asyncio.create_subprocess_shell(command)
    if status := await process.wait():
        raise CalledProcessError(status, command)


async def main() -> int:
    """The exit status."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    arguments.add_argument("--baskets", type=int, default=2000, help="how many (2,000)")
    arguments.add_argument("--clients", type=int, default=16, help="how many at once (16)")
    arguments.add_argument("--carts", type=int, default=1, help="replicas of the cart service (1)")
    arguments.add_argument("--url", help="a running shop, filled with the data set")
    arguments.add_argument("--meanwhile", metavar="COMMAND", help="run after a third: `docker restart …`")
    chosen = arguments.parse_args()
    console = Console()
    async with shop_address(chosen.url, completejourney, chosen.carts) as base_url:
        started = time.perf_counter()
        result = await replay_all(base_url, chosen, console)
        seconds = time.perf_counter() - started
    console.print(
        f"{result.baskets:,} baskets with {result.lines:,} lines in {seconds:.1f} s: "
        f"{result.lines / seconds:,.0f} adds/s, {len(result.differences)} differences"
    )
    for difference in result.differences[:SHOWN]:
        console.print(difference, highlight=False)
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
