"""Fields that several bodies have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

PRODUCT_ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$"

ProductId = Annotated[
    str,
    Field(
        pattern=PRODUCT_ID_PATTERN,
        description="Id of a product, from the catalogue.",
        examples=["p3f2b8c1d9e0a4756b1c2d3e4f5a6b7c"],
    ),
]
Money = Annotated[int, Field(description="In minor units of `currency`.", examples=[1299])]
