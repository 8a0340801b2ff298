"""Problem documents for what the gateway refuses or cannot deliver by itself.

Traefik fetches `/gateway/problems/<status>?url=<the client's URL>` from any living service and puts the
status in front of the body (`traefik/dynamic/middlewares.yml`). The path is not routed from outside.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from shared.errors import NotFound, PayloadTooLarge, ShopError, TooManyRequests, Unavailable
from shared.http.problem import MEDIA_TYPE, encode_problem

router = APIRouter(include_in_schema=False)


class BadGateway(ShopError):
    status, code, title = 502, "bad-gateway", "Bad gateway"


class GatewayTimeout(ShopError):
    status, code, title = 504, "gateway-timeout", "Gateway timeout"


_UNKNOWN_OUTCOME = "A change may or may not have been made; repeat it with the same Idempotency-Key."

_PROBLEMS: dict[int, ShopError] = {
    404: NotFound("There is nothing at this path. /docs shows what there is."),
    413: PayloadTooLarge("The body is larger than the gateway takes. Send less, or split it."),
    429: TooManyRequests("Too many requests came from this address. Wait a second, then go on slower."),
    502: BadGateway(f"The service broke off before it answered. {_UNKNOWN_OUTCOME}"),
    503: Unavailable("No replica of the service can answer at the moment. Try again.", retry_after=2),
    504: GatewayTimeout(f"The service did not answer in time. {_UNKNOWN_OUTCOME}"),
}


@router.get("/gateway/problems/{status}")
async def gateway_problem(request: Request, status: int, url: str = "/") -> Response:
    """Answers 200: the gateway replaces the status, and takes anything from 500 for a broken page."""
    problem = _PROBLEMS.get(status, _PROBLEMS[404])
    body = encode_problem(problem, urlsplit(url).path, request.state.request_id)
    return Response(body, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store", **problem.headers})
