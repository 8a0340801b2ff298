"""The life of a service: it answers at once, waits for its backends, and recovers by itself."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from shared.backends import Backends
from shared.errors import Unavailable
from shared.http.service import create_service
from tests.shared.http.demo import SPEC, Demo, DemoSettings, bootstrap, create_app
from tests.support.apps import running, until_ready
from tests.support.servers import NatsServer, RedisServer
from tests.support.tokens import TokenIssuer
from tests.support.waiting import eventually

PREFIX = "/api/v1/demo"
READY = f"{PREFIX}/health/ready"
STARTED = f"{PREFIX}/health/started"


async def checks(client: httpx.AsyncClient) -> dict[str, str]:
    report = (await client.get(READY)).json()
    return {name: check["status"] for name, check in report["checks"].items()}


async def test_a_ready_service_says_what_it_checked(client: httpx.AsyncClient) -> None:
    answer = await client.get(READY)
    assert answer.json()["status"] == "ok"
    assert await checks(client) == {"store": "ok", "nats": "ok", "redis": "ok"}


async def test_it_lives_and_waits_while_nats_is_away(settings: DemoSettings, nats_server: NatsServer) -> None:
    nats_server.stop()
    app = create_app(settings.model_copy(update={"nats_url": SecretStr(nats_server.url)}))
    async with running(app, wait_ready=False) as client:
        await eventually(lambda: waits_for(client, "NATS (NATS_URL)"))
        assert (await client.get(f"{PREFIX}/health/live")).status_code == 200
        started = await client.get(STARTED)
        assert (started.status_code, started.json()["status"]) == (503, "unavailable")
        answer = await client.get(PREFIX)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "2"
        assert answer.json()["detail"] == "The service is starting: it waits for NATS (NATS_URL)."
        assert (await client.get("/metrics")).status_code == 200
        assert (await client.get(f"{PREFIX}/openapi.json")).status_code == 200
        nats_server.start()
        await until_ready(app, client)
        assert (await client.get(PREFIX)).status_code == 200


async def test_a_service_that_waits_again_refuses_again(settings: DemoSettings) -> None:
    app = create_app(settings)
    async with running(app) as client:
        app.state.runtime.wait_for("NATS")
        answer = await client.get(PREFIX)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:trolley:problem:unavailable")
        assert "NATS" in answer.json()["detail"]


async def waits_for(client: httpx.AsyncClient, what: str) -> bool:
    answer = await client.get(READY)
    assert answer.status_code == 503
    return str(answer.json()["checks"]["start"]["detail"]) == f"it waits for {what}"


async def test_it_ends_while_it_still_waits(settings: DemoSettings) -> None:
    unreachable = settings.model_copy(update={"nats_url": SecretStr("nats://127.0.0.1:1")})
    async with running(create_app(unreachable), wait_ready=False) as client:
        await eventually(lambda: waits_for(client, "NATS (NATS_URL)"))


async def test_without_nats_it_goes_on_with_what_it_knows(
    settings: DemoSettings, nats_server: NatsServer
) -> None:
    issuer = TokenIssuer()
    await issuer.publish_key(nats_server.url)
    app = create_app(settings.model_copy(update={"nats_url": SecretStr(nats_server.url)}))
    async with running(app) as client:
        nats_server.stop()
        await eventually(lambda: degraded(client, "nats"))
        answer = await client.get(f"{PREFIX}/me", headers={"Authorization": issuer.issue("ada")})
        assert answer.json() == "ada"
        nats_server.start()
        await eventually(lambda: healthy(client))


async def test_without_redis_it_is_degraded(settings: DemoSettings, redis_server: RedisServer) -> None:
    app = create_app(settings.model_copy(update={"redis_url": SecretStr(redis_server.url)}))
    async with running(app) as client:
        await eventually(lambda: healthy(client))
        redis_server.kill()
        await eventually(lambda: degraded(client, "redis"))
        detail = (await client.get(READY)).json()["checks"]["redis"]["detail"]
        assert detail == "away; nothing is missing"
        assert (await client.get(PREFIX)).status_code == 200
        redis_server.start()
        await eventually(lambda: healthy(client))


async def test_who_has_no_use_for_redis_does_not_look_for_it(settings: DemoSettings) -> None:
    away = settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1")})
    async with running(create_service(replace(SPEC, without_redis=None), away, bootstrap)) as client:
        assert await checks(client) == {"store": "ok", "nats": "ok"}
        assert await healthy(client)


async def test_once_started_it_stays_started_without_its_store(settings: DemoSettings) -> None:
    async with running(create_app(settings)) as client:
        assert (await client.get(STARTED)).status_code == 200
        shutil.rmtree(settings.sqlite_directory)
        settings.sqlite_directory.write_text("no folder")
        await eventually(lambda: is_unavailable(client))
        assert (await client.get(STARTED)).json() == {"status": "ok", "checks": {}}


async def is_unavailable(client: httpx.AsyncClient) -> bool:
    return (await client.get(READY)).status_code == 503


async def degraded(client: httpx.AsyncClient, name: str) -> bool:
    answer = await client.get(READY)
    assert answer.status_code == 200
    return answer.json()["status"] == "degraded" and answer.json()["checks"][name]["status"] == "degraded"


async def healthy(client: httpx.AsyncClient) -> bool:
    return (await client.get(READY)).json()["status"] == "ok"


async def test_a_bootstrap_that_fails_is_tried_again(settings: DemoSettings) -> None:
    attempts = 0

    @asynccontextmanager
    async def bootstrap(settings: DemoSettings, backends: Backends) -> AsyncIterator[Demo]:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise Unavailable("not yet")
        yield Demo()

    async with running(create_service(SPEC, settings, bootstrap)) as client:
        assert (await client.get(PREFIX)).status_code == 200
    assert attempts == 3


async def test_it_closes_what_it_opened_in_the_opposite_order(settings: DemoSettings) -> None:
    order: list[str] = []

    @asynccontextmanager
    async def bootstrap(settings: DemoSettings, backends: Backends) -> AsyncIterator[Demo]:
        order.append("opened")
        yield Demo()
        await backends.stores.ping()
        order.append("closed, with the bus " + ("there" if backends.bus.connected else "gone"))
        order.append(str(len(order)))

    async with running(create_service(SPEC, settings, bootstrap)):
        assert order == ["opened"]
    assert order == ["opened", "closed, with the bus there", "2"]


async def test_a_stale_table_never_hides_a_store_that_is_gone(settings: DemoSettings, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    app = create_app(settings.model_copy(update={"sqlite_directory": blocked}))
    async with running(app, wait_ready=False) as client:
        await eventually(lambda: waits_for(client, "the store (SQLITE_DIRECTORY)"))


@pytest.mark.elasticsearch
async def test_it_runs_on_elasticsearch(settings: DemoSettings, elasticsearch_url: str) -> None:
    real = settings.model_copy(update={"elasticsearch_url": SecretStr(elasticsearch_url)})
    async with running(create_app(real)) as client:
        assert await checks(client) == {"store": "ok", "nats": "ok", "redis": "ok"}


async def test_it_says_that_elasticsearch_is_away(settings: DemoSettings) -> None:
    away = settings.model_copy(update={"elasticsearch_url": SecretStr("http://127.0.0.1:1")})
    async with running(create_app(away), wait_ready=False) as client:
        await eventually(lambda: waits_for(client, "the store (ELASTICSEARCH_URL)"))
