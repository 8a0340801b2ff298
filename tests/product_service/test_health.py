"""What the catalogue depends on."""

from __future__ import annotations

from typing import Any

from product_service.main import create_app
from product_service.settings import ProductSettings
from tests.support.apps import running


async def test_the_catalogue_has_no_use_for_redis(backend_settings: dict[str, Any]) -> None:
    settings = ProductSettings(**{**backend_settings, "redis_url": "redis://127.0.0.1:1"})
    async with running(create_app(settings)) as shop:
        report = (await shop.get("/api/v1/products/health/ready")).json()
    assert report["status"] == "ok"
    assert set(report["checks"]) == {"store", "nats"}
