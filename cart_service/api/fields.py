"""Fields that several bodies have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.http.fields import LARGEST_AMOUNT

PRODUCT_ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$"
USER_ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$"

ProductId = Annotated[
    str,
    Field(
        max_length=64,
        pattern=PRODUCT_ID_PATTERN,
        description="Id of a product, from the catalogue.",
        examples=["p3f2b8c1d9e0a4756b1c2d3e4f5a6b7c"],
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
