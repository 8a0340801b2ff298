"""The application: the cart."""

from __future__ import annotations

from fastapi import FastAPI

from cart_service.bootstrap import bootstrap
from cart_service.carts import promo_code_routes
from cart_service.carts.routes import router
from cart_service.live import routes as event_routes
from cart_service.merging import routes as merge_routes
from cart_service.promotions import routes as promotion_routes
from cart_service.settings import CartSettings
from shared.clock import Clock, SystemClock
from shared.http.service import ServiceSpec, create_service

SPEC = ServiceSpec(
    name="cart",
    prefix="/api/v1/cart",
    title="Trolley: cart",
    description="The caller's own cart, found by the access token; guests have one, too. Two writes at the"
    " same moment both count, unless `If-Match` forbids it. With an `Idempotency-Key` a write is repeatable.",
    routers=[
        router,
        merge_routes.router,
        promo_code_routes.router,
        event_routes.router,
        promotion_routes.router,
        promo_code_routes.uses_router,
    ],
    tags=[
        {"name": "Cart", "description": "What the caller is about to buy."},
        {
            "name": "Promotions",
            "description": "What promo codes give. Needs the scope `catalog:write` (editors).",
        },
    ],
    without_redis="everything works, slower",
)


def create_app(settings: CartSettings, *, clock: Clock | None = None, fast: bool = True) -> FastAPI:
    """The ASGI application; it connects to its backends in the background. `fast`: see `shared.http.fast`."""
    return create_service(SPEC, settings, bootstrap, clock=clock or SystemClock(), fast=fast)
