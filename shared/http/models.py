"""Base classes and common fields of request and answer bodies."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)

from shared.clock import from_rfc3339, to_rfc3339

LARGEST_INTEGER = 2**53 - 1
"""The largest number that every JSON reader keeps exactly (RFC 8259, section 6)."""

LONGEST_TIME = 40
"""Characters of an RFC 3339 time, with plenty of digits for the second."""

TIME_SCHEMA = {"type": "string", "format": "date-time", "maxLength": LONGEST_TIME}

LARGEST_AMOUNT = 500 * 999 * 10**9
"""Minor units: the total of a cart with the most lines and pieces at the highest price."""

Timestamp = Annotated[datetime, WithJsonSchema(TIME_SCHEMA), Field(examples=["2026-03-01T09:30:00.000Z"])]
AwareTimestamp = Annotated[
    AwareDatetime, WithJsonSchema(TIME_SCHEMA), Field(examples=["2026-03-01T09:30:00.000Z"])
]
Count = Annotated[int, Field(ge=0, le=LARGEST_INTEGER, examples=[3])]
Version = Annotated[int, Field(ge=1, le=LARGEST_INTEGER, examples=[7])]
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
"""A sentence for people, in English. It may quote names."""


T = TypeVar("T")

_TIME = (
    r"^(200[1-9]|20[1-9][0-9]|21[0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
_LONGEST_TIME = 35


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""Accepts `2.0` as an integer, as JSON Schema does (2020-12, section 6.1.1). It goes last:
`Annotated[int, Field(ge=1), WHOLE]`."""


def _rfc3339(value: Any) -> Any:
    if isinstance(value, str) and len(value) <= _LONGEST_TIME and re.fullmatch(_TIME, value):
        return value
    raise ValueError(
        "must be an RFC 3339 time with an offset, from 2001 to 2199, such as 2026-03-01T00:00:00Z"
    )


def _in_millis(value: datetime) -> datetime:
    return from_rfc3339(to_rfc3339(value))


Moment = Annotated[
    AwareDatetime,
    Field(strict=False, examples=["2026-03-01T00:00:00Z"]),
    BeforeValidator(_rfc3339),
    AfterValidator(_in_millis),
    WithJsonSchema({"type": "string", "format": "date-time", "maxLength": _LONGEST_TIME, "pattern": _TIME}),
]
"""A time in a request, cut to milliseconds, as the store keeps it."""


class StrictModel(BaseModel):
    """A request body: unknown fields are refused, and a value must have its type (`"1"` is not a number).
    Every text field declares its length; the limit here is for a field that forgets it."""

    model_config = ConfigDict(extra="forbid", strict=True, str_max_length=10_000)


class PublicModel(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Page(PublicModel, Generic[T]):
    """One page of a list."""

    items: Annotated[list[T], Field(max_length=100, description="The matches of this page, in order.")]
    total: Annotated[Count, Field(description="How many match. If it is not exact, at least so many match.")]
    total_is_exact: Annotated[bool, Field(description="Whether `total` is exact.", examples=[True])]
    next_cursor: Annotated[Cursor | None, Field(description="For the next page; null on the last one.")] = (
        None
    )
