"""A replica under its heaviest legal requests."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chaos.heavy import LINES, PAGE, HeavyLoad, import_of, large_product, small_product
from tests.e2e.shops import Person, Shop, running_shop

pytestmark = [pytest.mark.chaos, pytest.mark.asyncio(loop_scope="session")]

CLIENTS = 24
SECONDS = 60
CHECK_SECONDS = 15
"""As long as the gateway waits for a replica to say that it lives."""
SERVICES = ("auth", "products", "cart")
COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"


def service_memory_mib() -> int:
    """What a replica may take in compose."""
    found = re.search(r"\$\{SERVICE_MEMORY:-(\d+)m\}", COMPOSE.read_text())
    assert found is not None
    return int(found[1])


def peak_mib(shop: Shop, service: str) -> int:
    """The most memory that the replica ever had."""
    pid = shop.stack.process(service).pid
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) // 1024


async def ask_health(shop: Shop, answers: Counter[str]) -> None:
    """Asks each replica each second, as the gateway does, until it is cancelled."""
    while True:
        for service in SERVICES:
            try:
                path = f"/api/v1/{service}/health/live"
                answer = await shop.client.get(path, timeout=CHECK_SECONDS)
                answers[f"{service} {answer.status_code}"] += 1
            except httpx.HTTPError as error:
                answers[f"{service} {type(error).__name__}"] += 1
        await asyncio.sleep(1)


async def ids_of(shop: Shop, category: str) -> list[str]:
    """Its products, as many as fill a cart."""
    ids: list[str] = []
    query: dict[str, Any] = {"limit": PAGE, "category": category}
    while "cursor" not in query or query["cursor"]:
        page = (await shop.client.get("/api/v1/products", params=query)).raise_for_status().json()
        ids += [product["id"] for product in page["items"]]
        query["cursor"] = page["next_cursor"]
    assert len(ids) == LINES
    return ids


async def fill(shop: Shop, admin: Person) -> list[str]:
    """A catalogue of large products, and of others for the largest of carts, whose ids it gives."""
    headers = {"Content-Type": "application/x-ndjson", "Prefer": "wait=search"}
    products = [*map(large_product, range(PAGE)), *map(small_product, range(LINES))]
    answer = await admin.call("POST", "/products/import", content=import_of(products), headers=headers)
    assert answer.json()["failed"] == 0, answer.text[:500]
    return await ids_of(shop, "small")


async def test_a_replica_stays_within_its_memory_and_answers_health_checks(tmp_path: Path) -> None:
    """Its heaviest legal requests for a minute: each is done, or refused with 503."""
    async with (
        running_shop(tmp_path / ".data") as running,
        httpx.AsyncClient(
            base_url=running.stack.base_url, timeout=60, limits=httpx.Limits(max_connections=None)
        ) as client,
    ):
        shop = Shop(client, running.stack)
        admin = await shop.admin()
        load = HeavyLoad(shop, admin, await fill(shop, admin))
        health: Counter[str] = Counter()
        asking = asyncio.create_task(ask_health(shop, health))
        loading = asyncio.create_task(load.run(CLIENTS))
        await asyncio.sleep(SECONDS)
        load.stop()
        await loading
        asking.cancel()
        peaks = {service: peak_mib(shop, service) for service in SERVICES}
    print(f"peaks in MiB: {peaks}; {dict(sorted(load.seen.items()))}; {dict(health)}")
    assert load.wrong == {}
    assert set(health) == {f"{service} 200" for service in SERVICES}
    for kind in ("anonymous cart", "import", "page", "live cart", "registration"):
        assert any(how.startswith(f"{kind} 20") for how in load.seen), kind
    assert max(peaks.values()) < service_memory_mib()
