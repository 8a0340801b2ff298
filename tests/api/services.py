"""The three services as they are, and a request for each of their operations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import FastAPI

import auth_service.main
import cart_service.main
import product_service.main
from auth_service.settings import AuthSettings
from cart_service.settings import CartSettings
from product_service.settings import ProductSettings
from tests.api.candidates import Document
from tests.support.apps import running
from trolley.openapi.operations import ApiOperation, operations_of

Json = dict[str, Any]

CHEAP = {"auth_password_memory_kib": 64, "auth_password_iterations": 1}
PATIENT = {
    **dict.fromkeys(
        ("auth_failures_per_account", "auth_failures_per_network", "auth_failures_per_device"), 10**6
    ),
    "auth_sign_ups_per_minute": 0,
    "auth_guests_per_minute": 0,
    **dict.fromkeys(("auth_mails_per_account", "auth_mails_per_network"), 10**6),
    "auth_key_reload_seconds": 3600,  # a reload removes the key of the tests, which auth did not make
}
SERVICES: dict[str, Callable[[Json], FastAPI]] = {
    "auth": lambda settings: auth_service.main.create_app(AuthSettings(**settings, **CHEAP, **PATIENT)),
    "products": lambda settings: product_service.main.create_app(ProductSettings(**settings)),
    "cart": lambda settings: cart_service.main.create_app(CartSettings(**settings)),
}


@asynccontextmanager
async def service(
    name: str, tmp_path: Path, nats_url: str, redis_url: str
) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    app = SERVICES[name]({"sqlite_directory": tmp_path, "nats_url": nats_url, "redis_url": redis_url})
    async with running(app) as client:
        yield app, client


def service_operations(app: FastAPI) -> list[ApiOperation]:
    return operations_of(app.openapi())


def base_request(document: Document, operation: ApiOperation) -> Json:
    path = operation.path
    for parameter in operation.parameters("path"):
        path = path.replace(f"{{{parameter['name']}}}", quote(str(document.example(parameter["schema"]))))
    headers = (
        {"If-Match": "*"} if any(p["name"] == "If-Match" for p in operation.parameters("header")) else {}
    )
    query = {"once": "true"} if any(p["name"] == "once" for p in operation.parameters("query")) else {}
    return {"method": operation.method, "url": path, "headers": headers, "params": query}
