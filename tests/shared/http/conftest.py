"""The demonstration service on real backends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.shared.http.demo import DemoSettings, create_app
from tests.support.apps import running, serving


@pytest.fixture
def settings(tmp_path: Path, nats_url: str, redis_url: str) -> DemoSettings:
    return DemoSettings(sqlite_directory=tmp_path / "store", nats_url=nats_url, redis_url=redis_url)


@pytest.fixture
async def client(settings: DemoSettings) -> AsyncIterator[httpx.AsyncClient]:
    """The service, called without a socket."""
    async with running(create_app(settings)) as client:
        yield client


@pytest.fixture
async def remote(settings: DemoSettings) -> AsyncIterator[httpx.AsyncClient]:
    """The service behind a socket."""
    async with serving(create_app(settings)) as client:
        yield client
