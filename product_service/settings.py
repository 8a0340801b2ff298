"""Settings of product_service."""

from __future__ import annotations

from pydantic import Field

from shared.settings import ServiceSettings


class ProductSettings(ServiceSettings):
    """The settings that only product_service has."""

    products_port: int = Field(3002, ge=1, le=65535, description="Port of product_service.")
    products_limit: int = Field(
        250_000,
        ge=1,
        description="Most products, deleted ones included; a new one then answers 503. "
        "NATS needs about 1 KiB of memory for each.",
    )
    products_import_line_bytes: int = Field(
        65_536, ge=1024, description="Longest line of an import; a longer one is reported and left out."
    )
    products_import_total_bytes: int = Field(
        268_435_456, ge=1024, description="Largest import; what is past it is not read."
    )
