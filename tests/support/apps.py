"""Running an application in a test."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from shared.http.protocol import ServiceProtocol
from tests.support.waiting import eventually

both_ways = pytest.mark.parametrize("fast", [True, False], ids=["fast", "solved"])
"""For modules whose tests run without FastAPI's solver and with it: `pytestmark = both_ways`."""


@asynccontextmanager
async def running(app: FastAPI, *, wait_ready: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """The application with its lifespan, called in this process without a socket, once it is ready."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://test", headers={"Accept-Encoding": "identity"}
        ) as client:
            if wait_ready:
                await until_ready(app, client)
            yield client


@asynccontextmanager
async def serving(app: FastAPI, *, wait_ready: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """The application behind a real socket, for tests of streams and of dropped connections."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_config=None, lifespan="on", timeout_graceful_shutdown=5, http=ServiceProtocol
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    port = listener.getsockname()[1]
    try:
        await eventually(lambda: server.started or task.done())
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=60, headers={"Accept-Encoding": "identity"}
        ) as client:
            if wait_ready:
                await until_ready(app, client)
            yield client
    finally:
        server.should_exit = True
        await task
        listener.close()


async def until_ready(app: FastAPI, client: httpx.AsyncClient) -> None:
    """Waits for the application's own readiness."""
    path = f"{app.state.prefix}/health/ready"

    async def ready() -> bool:
        # To look at what it waits for costs a hundredth of asking.
        assert app.state.runtime.ready, f"it waits for {app.state.runtime.waiting_for}"
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        return True

    await eventually(ready, every=0.005)
