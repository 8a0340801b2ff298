"""A service in its own process: the spans that it exports to a collector, and its log."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from shared.observability.tracing import continue_trace
from tests.support.collector import Collector, ExportedSpan, running_collector
from tests.support.events import an_event, running_bus
from tests.support.servers import NatsServer
from tests.support.waiting import eventually

CART = "/api/v1/cart"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with running_collector() as started:
        yield started


@pytest.fixture
def environment(tmp_path: Path, nats_server: NatsServer, redis_url: str, free_port: int) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **inherited,
        "SQLITE_DIRECTORY": str(tmp_path),
        "NATS_URL": nats_server.url,
        "REDIS_URL": redis_url,
        "CART_PORT": str(free_port),
        "OTEL_BSP_SCHEDULE_DELAY": "3600000",  # what arrives was flushed at the end
    }


class Replica:
    """A cart service and its client. `output` is the output after its end."""

    def __init__(self, process: asyncio.subprocess.Process, client: httpx.AsyncClient) -> None:
        self._process = process
        self.client = client
        self.output = b""

    async def is_ready(self) -> bool:
        try:
            return (await self.client.get(f"{CART}/health/ready")).status_code == 200
        except httpx.TransportError:
            return False

    async def end(self) -> int | None:
        self._process.send_signal(signal.SIGTERM)
        self.output, _ = await self._process.communicate()
        return self._process.returncode

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.output.splitlines() if line.startswith(b"{")]


@asynccontextmanager
async def running_cart(environment: dict[str, str]) -> AsyncIterator[Replica]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cart_service"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        address = f"http://127.0.0.1:{environment['CART_PORT']}"
        async with httpx.AsyncClient(base_url=address, timeout=60) as client:
            replica = Replica(process, client)
            await eventually(replica.is_ready)
            yield replica
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_spans_arrive_and_log_lines_name_their_trace(
    environment: dict[str, str], nats_server: NatsServer, collector: Collector
) -> None:
    with continue_trace(None):
        undecipherable = an_event("cart.promo_code_dropped")
    assert undecipherable.traceparent is not None
    cause = undecipherable.traceparent[3:35]
    async with running_cart(environment | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}) as replica:
        assert (await replica.client.get(CART, headers={"traceparent": PARENT})).status_code == 401
        async with running_bus(nats_server.url) as bus:
            await bus.publish(undecipherable)

            async def handled() -> bool:
                return 'outcome="retried"' in (await replica.client.get("/metrics")).text

            await eventually(handled)
        assert collector.spans == []
        assert await replica.end() == 0
    assert sorted(collector.spans, key=lambda span: span.name) == [
        ExportedSpan("trolley-cart", f"GET {CART}", PARENT[3:35], PARENT[36:52], failed=False),
        ExportedSpan(
            "trolley-cart",
            "handle cart.promo_code_dropped",
            cause,
            undecipherable.traceparent[36:52],
            failed=True,
        ),
    ]
    [request] = [line for line in replica.lines if line["event"] == "request" and line["status"] == 401]
    [failure] = [line for line in replica.lines if line["event"] == "event failed"]
    assert (request["trace_id"], failure["trace_id"]) == (PARENT[3:35], cause)
    assert b"ended span" not in replica.output


async def test_a_collector_that_is_away_does_not_keep_the_process(
    environment: dict[str, str], collector: Collector
) -> None:
    settings = environment | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    async with running_cart(settings) as replica:
        collector.server_close()
        assert (await replica.client.get(CART)).status_code == 401
        assert await replica.end() == 0


@pytest.mark.parametrize("exports", [True, False])
async def test_only_a_service_that_exports_loads_what_collects_and_sends(
    environment: dict[str, str], collector: Collector, exports: bool
) -> None:
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url} if exports else {}
    async with running_cart(environment | endpoint | {"PYTHONPROFILEIMPORTTIME": "1"}) as replica:
        assert (await replica.client.get(CART)).status_code == 401
        assert await replica.end() == 0
    # The client of Redis loads the SDK's metrics by itself.
    for module in (b"opentelemetry.sdk.trace", b"opentelemetry.exporter.otlp"):
        assert (module in replica.output) is exports
