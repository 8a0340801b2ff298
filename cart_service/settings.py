"""The cart's own settings."""

from __future__ import annotations

from pydantic import Field

from shared.settings import ServiceSettings


class CartSettings(ServiceSettings):
    cart_port: int = Field(3003, ge=1, le=65535, description="Port of cart_service.")
    cart_hot_carts: int = Field(
        4096, ge=0, description="Carts a replica keeps in memory, so that their next write needs no read."
    )
    cart_known_products: int = Field(
        20_000, ge=1000, description="Products a replica keeps in memory, heard of through NATS."
    )
    cart_known_versions: int = Field(
        100_000, ge=1000, description="Carts whose newest version a replica keeps in mind."
    )
    cart_summary_ttl_seconds: int = Field(
        900, ge=10, le=86_400, description="Time a cart's summary stays in Redis without being written again."
    )
