"""No request stops a replica: a MiB of the worst text in any place holds its event loop only for a moment."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI

import auth_service.main
import cart_service.main
import product_service.main
from auth_service.settings import AuthSettings
from cart_service.settings import CartSettings
from product_service.settings import ProductSettings
from shared.ids import new_id
from shared.security.identity import Role
from tests.api.services import CHEAP, PATIENT
from tests.api.worst import worst_requests
from tests.support.loops import measured
from tests.support.tokens import TokenIssuer

MOST_SECONDS = 0.1
"""Of the loop's own processor time."""


def apps(backend_settings: dict[str, Any], service: str) -> FastAPI:
    match service:
        case "auth":
            settings = AuthSettings(**backend_settings, **CHEAP, **PATIENT)
            return auth_service.main.create_app(settings)
        case "products":
            return product_service.main.create_app(ProductSettings(**backend_settings))
    return cart_service.main.create_app(CartSettings(**backend_settings))


@pytest.mark.parametrize("service", ["auth", "products", "cart"])
async def test_no_request_holds_the_loop(
    backend_settings: dict[str, Any], tokens: TokenIssuer, service: str
) -> None:
    app = apps(backend_settings, service)
    sent = 0
    with measured(app) as server:
        for request in worst_requests(app.openapi()):
            token = tokens.issue(new_id(), Role.ADMIN, session_id=new_id()).encode()
            headers = {"Authorization": token, **request.headers}
            held = server.held(request.method, request.target, request.bodies, headers)
            sent += 1
            assert held <= MOST_SECONDS, request.what  # fail at once: the rest may take hours
    assert sent > 100
