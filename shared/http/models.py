"""Base models of requests and answers."""

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

T = TypeVar("T")

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_LONGEST_MOMENT = 64


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""Lets an integer be written as `2.0`, which JSON Schema takes for one (2020-12, section 6.1.1). It goes
last: `Annotated[int, Field(ge=1), WHOLE]`."""


def _rfc3339(value: Any) -> Any:
    if isinstance(value, str) and len(value) <= _LONGEST_MOMENT and _MOMENT.fullmatch(value):
        return value
    raise ValueError("must be an RFC 3339 time with an offset, such as 2026-03-01T00:00:00Z")


def _in_reach(value: datetime) -> datetime:
    if not 2000 < value.year < 2200:
        raise ValueError("must be between 2001 and 2199")
    return from_rfc3339(to_rfc3339(value))


Moment = Annotated[
    AwareDatetime,
    Field(strict=False),
    BeforeValidator(_rfc3339),
    AfterValidator(_in_reach),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time in a request, in milliseconds, as it is kept."""


class StrictModel(BaseModel):
    """A request body: unknown fields are refused, and a value has to be of its type (`"1"` is no number).
    Every text says itself how long it may be; the rest is for one that would forget it."""

    model_config = ConfigDict(extra="forbid", strict=True, str_max_length=10_000)


class PublicModel(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Page(PublicModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    total: Annotated[int, Field(ge=0, description="How many match; at least that many unless it is exact.")]
    total_is_exact: bool
    next_cursor: Annotated[str | None, Field(description="For the next page; null on the last one.")] = None


class ProblemError(PublicModel):
    """What is wrong with one value."""

    pointer: Annotated[
        str,
        Field(
            description="A JSON pointer into the body, or `query:…`, `path:…`, `header:…`.",
            examples=["/items/0/quantity"],
        ),
    ]
    message: Annotated[str, Field(examples=["Input should be greater than or equal to 1"])]


class Problem(PublicModel):
    """An error (RFC 9457)."""

    type: Annotated[
        str, Field(description="Stable name of the kind.", examples=["urn:trolley:problem:not-found"])
    ]
    title: Annotated[str, Field(examples=["Not found"])]
    status: Annotated[int, Field(examples=[404])]
    detail: Annotated[str, Field(description="What happened, and what to do.")]
    instance: Annotated[str, Field(description="Path of the request.")]
    request_id: Annotated[str, Field(description="As in X-Request-Id and in the logs.")]
    errors: Annotated[list[ProblemError], Field(description="The values that were refused.")] = []
