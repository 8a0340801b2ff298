"""The problems that the gateway tells of by itself, for the API's document.

The gateway needs no service to tell of them: `traefik/plugins-local/` has the same texts.
"""

from __future__ import annotations

from shared.errors import NotFound, PayloadTooLarge, ShopError, TooManyRequests, Unavailable


class BadGateway(ShopError):
    status, code, title = 502, "bad-gateway", "Bad gateway"


_UNKNOWN_OUTCOME = "A change may or may not have been made; repeat it with the same Idempotency-Key."

GATEWAY_PROBLEMS: dict[int, ShopError] = {
    404: NotFound("There is nothing at this path. /docs shows what there is."),
    413: PayloadTooLarge("The body is larger than the gateway takes. Send less, or split it."),
    429: TooManyRequests("Too many requests came from this address. Wait a second, then go on slower."),
    502: BadGateway(f"The service broke off before it answered. {_UNKNOWN_OUTCOME}"),
    503: Unavailable("No replica of the service can answer at the moment. Try again.", retry_after=2),
}
