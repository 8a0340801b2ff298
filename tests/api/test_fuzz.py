"""Generated requests, valid and not: never a 5xx, and every answer is one that the document describes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

import auth_service.main
import cart_service.main
import product_service.main
from auth_service.settings import AuthSettings
from cart_service.settings import CartSettings
from product_service.imports.routes import NDJSON
from product_service.settings import ProductSettings
from shared.ids import new_id
from shared.observability.metrics import REGISTRY
from shared.security.identity import Role
from tests.api.fuzzing import Caller, is_stream
from tests.api.services import CHEAP, PATIENT
from tests.support.apps import running
from tests.support.tokens import TokenIssuer, put_entry

pytestmark = [
    pytest.mark.filterwarnings(
        # The application uses `random` in another thread; hypothesis takes that for a strategy's use.
        "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
    ),
]

EXAMPLES = 6
REFUSALS = ["400", "401", "403", "404", "405", "409", "412", "413", "414", "415", "422", "428", "429", "431"]
HEADER_EXAMPLES = 10


@pytest.fixture
def share(backend_settings: dict[str, Any]) -> int:
    """Elasticsearch takes three times as long, so it gets half of the examples."""
    return 2 if backend_settings["elasticsearch_url"] else 1


async def fuzz(app: FastAPI, caller: Caller, subtests: pytest.Subtests, share: int) -> None:
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.config.generation.update(with_security_parameters=False)  # they are the caller's
    schema.config.checks.negative_data_rejection.expected_statuses = REFUSALS
    bugs = unhandled_errors()
    for result in schema.get_all_operations():
        operation = result.ok()
        with subtests.test(operation.label, mode="headers"):
            await caller.fuzz_headers(operation, HEADER_EXAMPLES // share)
        for mode in GenerationMode if can_be_wrong(operation) else [GenerationMode.POSITIVE]:
            with subtests.test(operation.label, mode=mode.value):
                await caller.fuzz(operation, mode, EXAMPLES // share)
    assert unhandled_errors() == bugs


def unhandled_errors() -> float:
    return REGISTRY.get_sample_value("http_unhandled_errors_total") or 0


def can_be_wrong(operation: APIOperation[Any, Any]) -> bool:
    """Whether it takes what can be invalid. Any bytes are a stream of lines; the bad ones are reported. A
    wrong request for a stream would never be answered completely, were it let through."""
    if is_stream(operation):
        return False
    if operation.body and NDJSON in operation.get_request_payload_content_types():
        return False
    return bool(operation.body) or any(operation.iter_parameters())


def authorizer(tokens: TokenIssuer, user_id: str, role: Role = Role.ADMIN) -> Callable[[], str]:
    """Gives tokens, each of a session of its own."""
    return lambda: tokens.issue(user_id, role, session_id=new_id())


async def test_auth(
    backend_settings: dict[str, Any], tokens: TokenIssuer, subtests: pytest.Subtests, share: int
) -> None:
    settings = AuthSettings(**backend_settings, **CHEAP, **PATIENT)
    app = auth_service.main.create_app(settings)
    cart = cart_service.main.create_app(CartSettings(**backend_settings))  # an export asks it
    async with running(app) as client, running(cart):

        async def register() -> dict[str, Any]:
            body = {"name": "Ann", "email": f"{new_id()}@example.com", "password": "correct horse battery"}
            session: dict[str, Any] = (await client.post("/api/v1/auth/register", json=body)).json()
            return session

        caller, another = await register(), await register()
        known = {"user_id": another["user"]["id"], "refresh_token": another["refresh_token"]}
        authorize = authorizer(tokens, caller["user"]["id"])
        await fuzz(app, Caller(client, authorize, known), subtests, share)


async def test_products(
    backend_settings: dict[str, Any], tokens: TokenIssuer, subtests: pytest.Subtests, share: int
) -> None:
    app = product_service.main.create_app(ProductSettings(**backend_settings))
    async with running(app) as client:
        authorize = authorizer(tokens, "editor")
        body = {"sku": "MUG-1", "name": "Mug", "price": 1299, "currency": "USD", "stock": 3}
        product = await client.post("/api/v1/products", json=body, headers={"Authorization": authorize()})
        known = {"product_id": product.raise_for_status().json()["id"]}
        await fuzz(app, Caller(client, authorize, known), subtests, share)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.CUSTOMER])
async def test_cart(
    backend_settings: dict[str, Any], tokens: TokenIssuer, subtests: pytest.Subtests, share: int, role: Role
) -> None:
    product = {
        "id": f"p{new_id()[1:]}",
        "version": 1,
        "name": "Mug",
        "image_url": None,
        "price": 1299,
        "currency": "USD",
        "stock": 1000,
        "status": "active",
    }
    await put_entry(backend_settings["nats_url"], "products", product["id"], product)
    app = cart_service.main.create_app(CartSettings(**backend_settings))
    async with running(app) as client:
        user_id = new_id()
        authorize = authorizer(tokens, user_id)
        body = {"code": f"T{new_id()[-20:]}", "kind": "percentage", "percent": 10}
        promotion = await client.post(
            "/api/v1/cart/promotions", json=body, headers={"Authorization": authorize()}
        )
        known = {"product_id": product["id"], "code": promotion.raise_for_status().json()["code"]}
        await fuzz(app, Caller(client, authorizer(tokens, user_id, role), known), subtests, share)
