"""The routes of the live cart."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from cart_service.carts.dependencies import OwnerDep
from cart_service.live.dependencies import LiveCartsDep, StreamGrantDep, StreamTicketsDep
from cart_service.live.ports import StreamGrant
from cart_service.live.schemas import CartEvent, EndEvent, EventsTicket
from cart_service.live.service import NoMoreStreams, TooManyStreams
from cart_service.live.stream import CartEvents
from cart_service.live.tickets import TICKET_SECONDS, TicketRefused, TooManyTickets
from shared.errors import NotAuthenticated
from shared.http.etag import without_coding
from shared.http.headers import RequestHeader
from shared.http.identity import CurrentUserDep
from shared.http.responses import JsonBytes, problem_responses

STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events, until the stream ends. The schema is that of one event.",
        "model": CartEvent | EndEvent,
        "content": {"text/event-stream": {}},
    }
}


class LastEventIdHeader(RequestHeader):
    """Gives the id without the suffix of a content coding."""

    async def __call__(self, request: Request) -> Any:
        known = self.read(request)
        return None if known is None else without_coding(known)


last_event_id_header = LastEventIdHeader(
    "Last-Event-ID",
    "The id of the last event that the client has. While the cart still looks like that, none is sent.",
    example="18274421-5f2c0e9b7a41",
)

LastEventIdHeaderDep = Annotated[str | None, Depends(last_event_id_header)]
LastEventIdQuery = Annotated[
    str | None,
    Query(
        max_length=1024,
        description="The same for a client that cannot send the header; the header goes first.",
    ),
]


async def known_event(header: LastEventIdHeaderDep, last_event_id: LastEventIdQuery = None) -> str | None:
    """The id of the client's last event. `EventSource` repeats its address when it reconnects, so the header
    is newer than the parameter."""
    return header or last_event_id


KnownEventDep = Annotated[str | None, Depends(known_event)]
Once = Annotated[
    bool, Query(description="Send the cart as it is now, and end: for a look with curl, or a poll.")
]

router = APIRouter(tags=["Cart"])


@router.get(
    "/events",
    summary="Follow the cart",
    response_class=Response,  # the media type is that of STREAM
    responses=STREAM | problem_responses(NotAuthenticated, TicketRefused, TooManyStreams, NoMoreStreams),
)
async def get_cart_events(
    grant: StreamGrantDep, carts: LiveCartsDep, known: KnownEventDep, once: Once = False
) -> Response:
    """Server-Sent Events (WHATWG HTML, section 9.2): the cart now, then again after each change by any
    client. A change of the price, name or stock of a product in the cart counts, too.

        event: cart
        data: {"version":18274421,"items":[],…}
        id: 18274421-5f2c0e9b7a41

    An event `cart` has the JSON of `GET /api/v1/cart` as its data and the ETag without quotes as its id. Only
    the newest cart is sent: a slow or reconnecting client skips older ones. Lines that begin with a colon are
    heartbeats.

    An event `end` says why the server ends the stream: `token_expired` (connect with a new token),
    `session_ended`, `account_deleted` (sign in again), `draining` or `too_slow` (connect again) or `once`.

    The token is in the `Authorization` header, never in the address. `EventSource` cannot send a header: get
    a ticket for each of its connections from `POST /api/v1/cart/events/ticket`. To resume, send the last id
    as `Last-Event-ID` or `last_event_id`."""
    return CartEvents(carts, grant.owner, grant.viewer, known=known, once=once)


@router.post(
    "/events/ticket",
    summary="Get a ticket for EventSource",
    status_code=201,
    response_model=EventsTicket,
    responses=problem_responses(TooManyTickets),
)
async def create_events_ticket(owner: OwnerDep, user: CurrentUserDep, tickets: StreamTicketsDep) -> Response:
    """Admits one connection to `GET /api/v1/cart/events?ticket=…` within a minute, without any header. The
    stream shows the cart of this request, also if `On-Behalf-Of` names it. A ticket works once, and only as
    long as the session and the access token of this request. No log of the shop contains it."""
    ticket = await tickets.issue(StreamGrant(owner.id, user))
    body = {"ticket": ticket, "expires_in": TICKET_SECONDS}
    return JsonBytes.of(body, 201, {"Cache-Control": "no-store"})
