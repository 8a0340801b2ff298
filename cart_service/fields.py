"""Fields that several bodies have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.http.models import LARGEST_AMOUNT

PRODUCT_ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$"
USER_ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$"

EXAMPLE_PRODUCT_ID = "p1d8042da9f9517fc9473b1a18d8bc9e"
"""A product of the demo catalogue, so the examples work as requests."""

ProductId = Annotated[
    str,
    Field(
        max_length=64,
        pattern=PRODUCT_ID_PATTERN,
        description="Id of a product, from the catalogue.",
        examples=[EXAMPLE_PRODUCT_ID],
    ),
]
Money = Annotated[
    int,
    Field(
        ge=0, le=LARGEST_AMOUNT, description="In minor units of `currency`: 1299 is 12.99.", examples=[1299]
    ),
]
Currency = Annotated[
    str,
    Field(
        max_length=3,
        pattern="^[A-Z]{3}$",
        description="Currency of every amount (ISO 4217).",
        examples=["USD"],
    ),
]
