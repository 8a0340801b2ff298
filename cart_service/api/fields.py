"""Fields that several bodies have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

PRODUCT_ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$"

EXAMPLE_PRODUCT_ID = "p1d8042da9f9517fc9473b1a18d8bc9e"
"""Of the demo catalogue, so that requests made from the examples work."""

ProductId = Annotated[
    str,
    Field(
        pattern=PRODUCT_ID_PATTERN,
        description="Id of a product, from the catalogue.",
        examples=[EXAMPLE_PRODUCT_ID],
    ),
]
Money = Annotated[int, Field(description="In minor units of `currency`.", examples=[1299])]
