"""The cart that a request may follow, by its access token or by a ticket in the address."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request

from cart_service.carts.dependencies import OnBehalfOfDep, cart_owner
from cart_service.live.ports import StreamGrant
from cart_service.live.service import LiveCarts
from cart_service.live.tickets import StreamTickets
from shared.http.identity import CurrentUser
from shared.http.runtime import provided
from shared.security.identity import Identity

TicketQuery = Annotated[
    str | None,
    Query(
        max_length=200,
        description="From `POST /api/v1/cart/events/ticket`, in place of the headers `Authorization` and"
        " `On-Behalf-Of`, which do not count then. Works once.",
    ),
]


class CurrentUserWithoutTicket(CurrentUser):
    """Gives the `Identity` of the bearer token. With a ticket it gives None and needs no token."""

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
    return StreamGrant((await cart_owner(user, other)).id, user)


StreamGrantDep = Annotated[StreamGrant, Depends(stream_grant)]
