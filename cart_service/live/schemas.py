"""Events of a live cart, and tickets for it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Json, WithJsonSchema

from cart_service.carts.schemas import CartPublic
from cart_service.live.feed import EndReason
from cart_service.live.tickets import TICKET_SECONDS
from shared.http.models import PublicModel

_LONGEST_EVENT = 10_000_000
_SILENT = (EndReason.LEFT, EndReason.STALLED)
_SENT = {"type": "string", "enum": [str(reason) for reason in EndReason if reason not in _SILENT]}


class EventsTicket(PublicModel):
    """Admits one connection to a live cart."""

    ticket: Annotated[
        str,
        Field(
            min_length=43,
            max_length=43,
            description="Goes into the address of one connection: `GET /api/v1/cart/events?ticket=…`.",
            examples=["dGhpcyBpcyBub3QgYSB0aWNrZXQgb2YgYW55IHNob3A"],
        ),
    ]
    expires_in: Annotated[
        int,
        Field(
            ge=1,
            le=TICKET_SECONDS,
            description="Seconds until the ticket expires.",
            examples=[TICKET_SECONDS],
        ),
    ]


class StreamEnd(PublicModel):
    """Why a stream ends."""

    reason: Annotated[
        EndReason, WithJsonSchema(_SENT), Field(description="Why it ends.", examples=["token_expired"])
    ]


class EndEvent(PublicModel):
    """The last event of a stream."""

    event: Annotated[Literal["end"], Field(description="Name of the event.")]
    data: Annotated[Json[StreamEnd], Field(max_length=1000, description="Why the stream ends, as JSON.")]


class CartEvent(PublicModel):
    """The cart as it is now."""

    event: Annotated[Literal["cart"], Field(description="Name of the event.")]
    id: Annotated[
        str,
        Field(
            max_length=128,
            description="The cart's ETag, without quotes.",
            examples=["18274421-5f2c0e9b7a41"],
        ),
    ]
    data: Annotated[Json[CartPublic], Field(max_length=_LONGEST_EVENT, description="The cart, as JSON.")]
