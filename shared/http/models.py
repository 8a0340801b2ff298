"""Base models of requests and answers."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from shared.http.fields import Count, Cursor

T = TypeVar("T")


class StrictModel(BaseModel):
    """A request body: unknown fields are refused, and a value has to be of its type (`"1"` is no number)."""

    model_config = ConfigDict(extra="forbid", strict=True, str_max_length=100_000)


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
