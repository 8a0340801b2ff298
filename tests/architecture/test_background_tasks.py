"""docs/operating.md lists what runs in the background of each service."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from auth_service.main import create_app as create_auth
from auth_service.settings import AuthSettings
from cart_service.main import create_app as create_cart
from cart_service.settings import CartSettings
from product_service.main import create_app as create_products
from product_service.settings import ProductSettings
from tests.support.apps import running
from tests.support.tokens import TokenIssuer
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
APPS: dict[str, Callable[[dict[str, Any]], FastAPI]] = {
    "auth": lambda settings: create_auth(AuthSettings(**settings)),
    "products": lambda settings: create_products(ProductSettings(**settings)),
    "cart": lambda settings: create_cart(CartSettings(**settings)),
}


def _listed(service: str) -> Iterator[str]:
    page = (ROOT / "docs" / "operating.md").read_text()
    section = page.partition("## What runs in the background\n")[2].partition("\n## ")[0]
    for where, tasks in re.findall(r"^\| (.+?) \| (.+?) \|", section, re.M):
        if where in ("all", service):
            yield from re.findall(r"`([^`]+)`", tasks)


def _named_tasks() -> set[str]:
    """The tasks that any code of the shop has named, by whatever way they were started."""
    names = {task.get_name() for task in asyncio.all_tasks()}
    return {name for name in names if not name.startswith("Task-")}


@pytest.mark.parametrize("service", APPS)
async def test_the_table_names_what_a_service_starts(
    service: str, nats_url: str, redis_url: str, tokens: TokenIssuer, tmp_path: Path
) -> None:
    app = APPS[service]({"nats_url": nats_url, "redis_url": redis_url, "sqlite_directory": tmp_path})
    async with running(app):
        assert app.state.runtime.tasks.names == sorted(_listed(service))
        # A task of the start itself may still be ending.
        await eventually(lambda: _named_tasks() - {f"{service}-life"} == set(_listed(service)))
