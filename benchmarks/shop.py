"""The shop under load, with real servers and a bare application behind the same gateway."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from shared.ids import new_id
from shared.observability.logging import configure_logging
from shared.settings import LogFormat
from trolley.catalogue import ProductDataset
from trolley.local.gateway import ROUTES
from trolley.local.ports import free_port
from trolley.local.process import ManagedProcess, Program
from trolley.local.readiness import until_ready
from trolley.local.stack import LocalStack
from trolley.operations import operator_session
from trolley.secrets import service_environment
from trolley.seeding import import_products

BARE_ROUTE = """
http:
  routers:
    bare:
      entryPoints: [web]
      rule: PathPrefix(`/bare/`)
      priority: 10
      middlewares: [shop-light-chain]
      service: bare
  services:
    bare:
      loadBalancer:
        servers: [{ url: "http://127.0.0.1:%d" }]
"""


SQLITE, ELASTICSEARCH = "SQLite", "Elasticsearch"


def stores() -> list[str]:
    """The stores that can be measured: Elasticsearch only if ELASTICSEARCH_URL is set."""
    return [SQLITE, ELASTICSEARCH] if os.environ.get("ELASTICSEARCH_URL") else [SQLITE]


@asynccontextmanager
async def open_shop(
    directory: Path,
    catalogue: ProductDataset,
    scale: Mapping[str, int] | None = None,
    store: str | None = None,
) -> AsyncIterator[LocalStack]:
    """A shop with that catalogue and without rate limits, with its own NATS and Redis, on `store` (default:
    the last of `stores`). On Elasticsearch it uses its own index prefix, and deletes these indices at the
    end."""
    configure_logging("error", LogFormat.CONSOLE, "benchmarks")
    port, prefix = free_port(), f"bench-{new_id()}-"
    on_elasticsearch = (store or stores()[-1]) == ELASTICSEARCH
    url = os.environ["ELASTICSEARCH_URL"] if on_elasticsearch else ""
    environment = {
        **os.environ,
        "NATS_URL": "",
        "REDIS_URL": "",
        "ELASTICSEARCH_URL": url,
        "ELASTICSEARCH_INDEX_PREFIX": prefix,
        "GATEWAY_RATE_AVERAGE": "0",
        "AUTH_SIGN_UPS_PER_MINUTE": "0",
        "BARE_URL": f"http://127.0.0.1:{port}",
        "AUTH_GUESTS_PER_MINUTE": "0",
        "LOG_REQUESTS": "false",
    }
    stack = LocalStack(directory, scale=scale, environment=environment, routes=_routes(directory, port))
    await stack.start()
    command = [sys.executable, "-m", "benchmarks.bare", str(port)]
    bare = ManagedProcess(
        Program("bare", command, service_environment("cart", stack.environment), Path.cwd())
    )
    try:
        await bare.start()
        await until_ready({"bare": f"http://127.0.0.1:{port}/bare/route"}, [bare], 30)
        session = await operator_session(stack.environment)
        await import_products(stack.base_url, session.access_token, catalogue.lines)
        yield stack
    finally:
        await bare.stop(3)
        await stack.stop()
        _delete_indices(url, prefix)


@asynccontextmanager
async def shop_address(
    url: str | None, catalogue: Callable[[], ProductDataset], carts: int
) -> AsyncIterator[str]:
    """The address of the running shop at `url`, or of a new one with that catalogue and `carts` replicas of
    the cart service."""
    if url is not None:
        yield url
        return
    with tempfile.TemporaryDirectory() as directory:
        async with open_shop(Path(directory), catalogue(), {"cart": carts}) as stack:
            yield stack.base_url


def _routes(directory: Path, port: int) -> Path:
    """The gateway's routes, and one to the bare application."""
    routes = directory / "routes"
    routes.mkdir()
    for file in ROUTES.iterdir():
        (routes / file.name).write_bytes(file.read_bytes())
    (routes / "bare.yml").write_text(BARE_ROUTE % port)
    return routes


def _delete_indices(url: str, prefix: str) -> None:
    if not url:
        return
    with httpx.Client(base_url=url, timeout=60) as client:
        rows = client.get(f"/_cat/indices/{prefix}*", params={"format": "json", "h": "index"}).json()
        for row in rows:
            client.delete(f"/{row['index']}").raise_for_status()
