"""Who may follow which cart: by the access token, or by a ticket in the address."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import Field

from cart_service.carts.dependencies import OnBehalfOfDep, cart_owner
from cart_service.live.ports import StreamGrant
from cart_service.live.service import LiveCarts
from cart_service.live.tickets import TICKET_SECONDS, StreamTickets
from shared.http.identity import CurrentUser
from shared.http.models import PublicModel
from shared.http.runtime import provided
from shared.security.identity import Identity


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


TicketQuery = Annotated[
    str | None,
    Query(
        max_length=200,
        description="From `POST /api/v1/cart/events/ticket`, in place of the headers `Authorization` and"
        " `On-Behalf-Of`, which do not count then. Works once.",
    ),
]


class CurrentUserWithoutTicket(CurrentUser):
    """Gives the `Identity` of the bearer token; None, and no token is needed, where there is a ticket."""

    async def __call__(self, request: Request) -> Identity | None:  # type: ignore[override]  # None: see the class
        if request.query_params.get("ticket"):
            return None
        return await super().__call__(request)


LiveCartsDep = Annotated[LiveCarts, Depends(provided(LiveCarts))]
StreamTicketsDep = Annotated[StreamTickets, Depends(provided(StreamTickets))]


async def stream_grant(
    user: Annotated[Identity | None, Depends(CurrentUserWithoutTicket())],
    other: OnBehalfOfDep,
    tickets: StreamTicketsDep,
    ticket: TicketQuery = None,
) -> StreamGrant:
    if user is None:
        return await tickets.redeem(ticket or "")
    owner = await cart_owner(user, other)
    return StreamGrant(owner.id, user)


StreamGrantDep = Annotated[StreamGrant, Depends(stream_grant)]
