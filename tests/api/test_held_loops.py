"""No request stops a replica: a MiB of the worst text in any place (a field, a header, a cookie, the query, a
form) holds its event loop only for a moment."""

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
from tests.support.loops import MeasuredServer, measured
from tests.support.tokens import TokenIssuer

PASSWORD = "correct horse battery"
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


class Visitor:
    """Who sends the requests: a new account for each of auth's operations on it, otherwise an
    administrator."""

    def __init__(self, server: MeasuredServer, service: str, token: str) -> None:
        self._server = server
        self._service = service
        self._administrator = self.authorization = token.encode()

    def known(self, path: str) -> dict[str, Any]:
        """Values that the service accepts in the fields of a body."""
        self.authorization = self._administrator
        if self._service != "auth" or "/users" in path:
            return {}
        account = {"name": "Ana", "email": f"{new_id()}@example.com", "password": PASSWORD}
        session = self._server.answer("POST", "/api/v1/auth/register", account)
        self.authorization = f"Bearer {session['access_token']}".encode()
        if path.endswith("/register"):
            return {}
        return {
            "email": account["email"],
            "username": account["email"],
            "password": PASSWORD,
            "current_password": PASSWORD,
            "refresh_token": session["refresh_token"],
        }


@pytest.mark.parametrize("service", ["auth", "products", "cart"])
async def test_no_request_holds_the_loop(
    backend_settings: dict[str, Any], tokens: TokenIssuer, service: str
) -> None:
    app = apps(backend_settings, service)
    sent = 0
    with measured(app) as server:
        visitor = Visitor(server, service, tokens.issue(new_id(), Role.ADMIN, session_id=new_id()))
        for request in worst_requests(app.openapi(), visitor.known):
            headers = {"Authorization": visitor.authorization, **request.headers}
            held = server.held(request.method, request.target, request.bodies, headers)
            sent += 1
            assert held <= MOST_SECONDS, request.what  # fail at once: the rest may take hours
    assert sent > 100
