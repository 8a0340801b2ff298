"""Errors as problem documents (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from starlette.exceptions import HTTPException

from shared.errors import (
    MalformedRequest,
    NotFound,
    PayloadTooLarge,
    ShopError,
    TooManyRequests,
    Unavailable,
    UnsupportedMediaType,
)
from shared.http.problem_types import TYPE_PREFIX

MEDIA_TYPE = "application/problem+json"


class MethodNotAllowed(ShopError):
    status, code, title = 405, "method-not-allowed", "Method not allowed"

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        allow = ", ".join(sorted(allowed))
        super().__init__(f"This path does not support {method}. Use {allow}.", headers={"Allow": allow})


class UriTooLong(ShopError):
    status, code, title = 414, "uri-too-long", "URI too long"


class HeadTooLarge(ShopError):
    status, code, title = 431, "request-header-fields-too-large", "Request header fields too large"
    detail = "The header fields of the request are too long. Send fewer or shorter ones."


class MethodNotImplemented(ShopError):
    """No route of the API has the method, and the server does not know it (RFC 9110, section 15.6.2)."""

    status, code, title = 501, "method-not-implemented", "Method not implemented"

    def __init__(self, method: str) -> None:
        super().__init__(f"No route supports the method {method}. Write methods in upper case (RFC 9110).")


class UnexpectedError(ShopError):
    """A bug. The log has the reason, under the request id; the answer never has it."""

    status, code, title = 500, "internal-error", "Internal error"
    detail = "Something went wrong on our side. Report it with the request id."


_OF_STATUS: dict[int, type[ShopError]] = {
    error.status: error for error in (MalformedRequest, NotFound, PayloadTooLarge, UnsupportedMediaType)
}


def from_http_exception(error: HTTPException) -> ShopError | None:
    """The framework's error as one of the shop's errors. None for a status that the framework never raises:
    it has no problem type, so it is a bug."""
    kind = _OF_STATUS.get(error.status_code)
    return kind(error.detail, headers=error.headers) if kind else None


def encode_problem(error: ShopError, path: str, request_id: str) -> bytes:
    """The problem document of `error` as JSON. Values that JSON does not know are shown as text."""
    document: dict[str, Any] = {
        "type": TYPE_PREFIX + error.code,
        "title": error.title,
        "status": error.status,
        "detail": error.public_detail or error.detail,
        "instance": path,
        "request_id": request_id,
    }
    if error.errors:
        document["errors"] = [{"pointer": at.pointer, "message": at.message} for at in error.errors]
    return orjson.dumps(document | error.extra, default=str)


def problem_headers(error: ShopError, body: bytes) -> list[tuple[bytes, bytes]]:
    """The headers of a problem document's answer, for ASGI."""
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    headers += [
        (name.lower().encode(), value.encode("latin-1", "replace")) for name, value in error.headers.items()
    ]
    return headers


class BadGateway(ShopError):
    status, code, title = 502, "bad-gateway", "Bad gateway"


_UNKNOWN_OUTCOME = "A change may have been made or not. Repeat it with the same Idempotency-Key."

GATEWAY_PROBLEMS: dict[int, ShopError] = {
    404: NotFound("There is nothing at this path. /docs shows what there is."),
    413: PayloadTooLarge("The body is larger than the gateway accepts. Send less, or split it."),
    429: TooManyRequests("Too many requests came from this address. Wait a second, then send fewer."),
    502: BadGateway(f"The service broke off before it answered. {_UNKNOWN_OUTCOME}"),
    503: Unavailable("No replica of the service can answer at the moment. Try again.", retry_after=2),
}
