"""Types of fields that several bodies have. Each is bounded, and says so in the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, WithJsonSchema

LARGEST_INTEGER = 2**53 - 1
"""What every JSON reader takes exactly (RFC 8259, section 6)."""

LONGEST_TIME = 40
"""Characters of an RFC 3339 time, with more digits of the second than anybody has."""

TIME_SCHEMA = {"type": "string", "format": "date-time", "maxLength": LONGEST_TIME}

LARGEST_AMOUNT = 500 * 999 * 10**9
"""Minor units: a cart of as many lines, pieces and at such a price as there can be."""

Timestamp = Annotated[datetime, WithJsonSchema(TIME_SCHEMA), Field(examples=["2026-03-01T09:30:00.000Z"])]
AwareTimestamp = Annotated[
    AwareDatetime, WithJsonSchema(TIME_SCHEMA), Field(examples=["2026-03-01T09:30:00.000Z"])
]
Count = Annotated[int, Field(ge=0, le=LARGEST_INTEGER, examples=[3])]
Version = Annotated[int, Field(ge=1, le=LARGEST_INTEGER, examples=[7])]
Amount = Annotated[int, Field(ge=0, le=LARGEST_AMOUNT, examples=[1299])]
Id = Annotated[str, Field(min_length=1, max_length=64, examples=["0198c1d2e3f47a5b8c9d0e1f2a3b4c5d"])]
Cursor = Annotated[
    str,
    Field(
        max_length=4096,
        description="For the next page; null on the last one.",
        examples=["k3NQ0y8wVJ1mS4bq7Zt5aFsicDJmMWM5ZDNiN2E2MDQiXQ"],
    ),
]
Message = Annotated[str, Field(max_length=1000)]
"""A sentence for people, in English. It may quote a name or two."""
