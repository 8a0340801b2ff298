"""A shop that has as many products as it may have."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from product_service.main import create_app
from tests.product_service.catalogues import body
from tests.product_service.conftest import MakeSettings
from tests.product_service.editors import Editor
from tests.support.apps import running
from tests.support.servers import NatsServer


@pytest.fixture
def nats_url(nats_server: NatsServer) -> str:
    """A NATS without the products of other tests."""
    return nats_server.url


@pytest.fixture
async def shop(product_settings: MakeSettings) -> AsyncIterator[httpx.AsyncClient]:
    """One replica that takes two products."""
    async with running(create_app(product_settings(products_limit=2))) as client:
        yield client


@pytest.fixture
async def full(editor: Editor) -> Editor:
    for sku in ("ONE", "TWO"):
        await editor.add(sku=sku)
    return editor


async def test_a_full_catalogue_takes_no_new_product(full: Editor) -> None:
    answer = await full.send("POST", json=body(sku="THREE"))
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:trolley:problem:catalogue-full"
    assert "PRODUCTS_LIMIT" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) > 0


async def test_a_full_catalogue_ends_an_import_with_what_was_taken(full: Editor) -> None:
    answer = await full.load([body(sku="ONE", name="Renamed"), body(sku="THREE")])
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:trolley:problem:catalogue-full"
    assert answer.json()["report"]["updated"] == 1


async def test_products_of_a_full_catalogue_can_be_changed_and_come_back(full: Editor) -> None:
    (one, *_) = (await full.shop.get("/api/v1/products?sort=name")).json()["items"]
    path = f"/{one['id']}"
    changed = await full.send("PATCH", path, version=one["version"], json={"price": 1})
    assert changed.status_code == 200
    assert (await full.send("DELETE", path, version=changed.json()["version"])).status_code == 204
    assert (await full.send("POST", json=body(sku=one["sku"]))).status_code == 201
