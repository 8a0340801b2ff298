"""The store is away under load."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.chaos.load import Load
from tests.chaos.proofs import prove_nothing_lost_or_doubled
from tests.chaos.shops import ChaosShop

pytestmark = [pytest.mark.chaos, pytest.mark.asyncio(loop_scope="session")]

AWAY_SECONDS = 10

LOCK = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@asynccontextmanager
async def store_away(shop: ChaosShop) -> AsyncIterator[None]:
    """Elasticsearch: connections are cut and refused. SQLite: another process holds the carts' lock."""
    if shop.proxy is not None:
        await shop.proxy.away()
        yield
        await shop.proxy.back()
        return
    path = str(shop.sqlite_directory / "carts.sqlite3")
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LOCK, path, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"locked\n"
    yield
    holder.kill()
    await holder.wait()


async def test_no_accepted_add_is_lost_while_the_store_is_away(shop: ChaosShop) -> None:
    """Clients hear 503 and repeat; afterwards each add is there once, whatever became of the writes that were
    under way when the store went."""
    load = Load(await shop.guests(8), await shop.products(4), per_second=60)
    async with load.running():
        await shop.until(load, 100)
        async with store_away(shop):
            await asyncio.sleep(AWAY_SECONDS)
        await shop.until(load, load.total + 100)
    print(f"store away for {AWAY_SECONDS} s; {load}")
    assert sum(count for outcome, count in load.attempts.seen.items() if "503" in outcome)
    await prove_nothing_lost_or_doubled(shop, load)
