"""The application: accounts, sign-in, sessions."""

from __future__ import annotations

from fastapi import FastAPI

from auth_service.accounts import routes as account_routes
from auth_service.administration import routes as administration_routes
from auth_service.bootstrap import bootstrap
from auth_service.codes import routes as code_routes
from auth_service.export import routes as export_routes
from auth_service.keys import routes as key_routes
from auth_service.security_log import routes as security_log_routes
from auth_service.sessions import routes as session_routes
from auth_service.settings import AuthSettings
from auth_service.sign_in import routes as sign_in_routes
from shared.clock import Clock, SystemClock
from shared.http.service import ServiceSpec, create_service

SPEC = ServiceSpec(
    name="auth",
    prefix="/api/v1/auth",
    title="Trolley: auth",
    description="Accounts, sign-in and sessions. An access token lives for minutes, and each service "
    "verifies it. A refresh token is exchanged once, for the next pair of tokens.",
    routers=[
        sign_in_routes.router,
        session_routes.router,
        account_routes.router,
        code_routes.router,
        security_log_routes.router,
        export_routes.router,
        administration_routes.router,
        key_routes.router,
    ],
    tags=[
        {"name": "Sign in", "description": "Getting tokens."},
        {"name": "Sessions", "description": "Signing out, and the devices that are signed in."},
        {"name": "Account", "description": "The caller's own account."},
        {"name": "Codes", "description": "Codes that are mailed, and the change of the e-mail address."},
        {"name": "Administration", "description": "Other people's accounts; needs the scope `users:admin`."},
        {"name": "Keys", "description": "The public keys that verify access tokens."},
    ],
    without_redis="each replica counts alone who fails to sign in and who registers",
)


def create_app(settings: AuthSettings, *, clock: Clock | None = None, fast: bool = True) -> FastAPI:
    """The ASGI application. It connects to its backends in the background. `fast`: see `shared.http.fast`."""
    return create_service(SPEC, settings, bootstrap, clock=clock or SystemClock(), fast=fast)
