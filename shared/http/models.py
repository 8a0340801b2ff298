"""Base models of requests and answers."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class StrictModel(BaseModel):
    """A request body: unknown fields are refused, and a value has to be of its type (`"1"` is no number)."""

    model_config = ConfigDict(extra="forbid", strict=True, str_max_length=100_000)


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
