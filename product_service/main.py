"""The application: the catalogue."""

from __future__ import annotations

from fastapi import FastAPI

from product_service.bootstrap import bootstrap
from product_service.imports import routes as import_routes
from product_service.products import routes
from product_service.search import routes as search_routes
from product_service.settings import ProductSettings
from shared.clock import Clock, SystemClock
from shared.http.service import ServiceSpec, create_service

SPEC = ServiceSpec(
    name="products",
    prefix="/api/v1/products",
    title="Trolley: products",
    description="The products of the shop: find, show and change them.",
    routers=[search_routes.router, routes.router, import_routes.router],
    tags=[
        {
            "name": "Products",
            "description": "The catalogue. Writing needs the scope `catalog:write` (editors).",
        }
    ],
)


def create_app(settings: ProductSettings, *, clock: Clock | None = None, fast: bool = True) -> FastAPI:
    """The ASGI application; it connects to its backends in the background. `fast`: see `shared.http.fast`."""
    return create_service(SPEC, settings, bootstrap, clock=clock or SystemClock(), fast=fast)
