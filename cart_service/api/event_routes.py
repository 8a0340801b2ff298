"""The live cart."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from cart_service.api.dependencies import CartServiceDep, OwnerDep
from cart_service.api.event_stream import CartEvents
from cart_service.service.live import NoMoreStreams, TooManyStreams
from cart_service.service.live_feed import EndReason
from shared.errors import InvalidInput
from shared.http.headers import RequestHeader
from shared.http.responses import problem_responses
from shared.security.dependencies import CurrentUserDep

EXAMPLE = """retry: 1034

event: cart
data: {"version":18274421,"items":[],"item_count":0,"line_count":0,"subtotal":0,"discount":0,"total":0,\
"currency":"USD","promo_code":null,"notices":[],"saved_for_later":[],"undo":null,"updated_at":null}
id: 18274421-5f2c0e9b7a41

event: end
data: {"reason":"token_expired"}

"""
CART_EVENT = {
    "type": "object",
    "required": ["event", "id", "data"],
    "properties": {
        "event": {"const": "cart"},
        "id": {"type": "string", "description": "The cart's ETag, without quotes."},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/CartPublic"},
        },
    },
}
UNHEARD = (EndReason.LEFT, EndReason.STALLED)
END_EVENT = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"const": "end"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {
                "type": "object",
                "required": ["reason"],
                "properties": {"reason": {"enum": [str(it) for it in EndReason if it not in UNHEARD]}},
            },
        },
    },
}
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events, until the stream ends. The schema is that of one event.",
        "content": {
            "text/event-stream": {"schema": {"oneOf": [CART_EVENT, END_EVENT]}, "example": EXAMPLE},
        },
    }
}


class LastEventIdHeader(RequestHeader):
    """Gives the id; None for one that is none of ours, since the present cart answers that as well."""

    async def __call__(self, request: Request) -> Any:
        try:
            return self.read(request)
        except InvalidInput:
            return None

    def _schema(self) -> dict[str, Any]:
        return {name: rule for name, rule in super()._schema().items() if name != "maxLength"}


last_event_id = LastEventIdHeader(
    "Last-Event-ID",
    "The id of the last event that the client has. While the cart still looks like that, none is sent.",
    example="18274421-5f2c0e9b7a41",
)

LastEventIdDep = Annotated[str | None, Depends(last_event_id)]
Once = Annotated[
    bool, Query(description="Send the cart as it is now, and end: for a look with curl, or a poll.")
]

router = APIRouter(tags=["Cart"])


@router.get(
    "/events",
    summary="Follow the cart",
    response_class=Response,  # the media type is that of STREAM
    responses=STREAM | problem_responses(TooManyStreams, NoMoreStreams),
)
async def get_cart_events(
    owner: OwnerDep,
    user: CurrentUserDep,
    carts: CartServiceDep,
    last_event: LastEventIdDep,
    once: Once = False,
) -> Response:
    """Server-Sent Events (WHATWG HTML, section 9.2): the cart now, then again each time it looks different,
    whoever changed it and wherever; also when a price, a name or the stock of a product in it changes.

    An event `cart` has the JSON of `GET /api/v1/cart` as its data and the ETag without quotes as its id. Only
    the newest cart is sent: whoever reads slowly or was away skips what lies between. Lines that begin with a
    colon are signs of life.

    An event `end` says why the server ends the stream: `token_expired` (connect with a new token),
    `session_ended`, `account_deleted` (sign in again), `draining` (connect again) or `once`.

    The token is in the `Authorization` header, never in the address, so in a browser read the stream with
    `fetch`: `EventSource` cannot send the header. To resume, send the last id as `Last-Event-ID`."""
    return CartEvents(carts, owner.id, user, known=last_event, once=once)
