"""The one error tree. Every error for a client is a `ShopError`; any other one is a bug and answers 500.

ShopError
├── MalformedRequest      400  the body is not JSON
├── NotAuthenticated      401
├── PermissionDenied      403
├── NotFound              404
├── Conflict              409  the state does not allow it
├── PreconditionFailed    412  If-Match names another version
├── PayloadTooLarge       413
├── UnsupportedMediaType  415
├── InvalidInput          422  a value is not acceptable; `errors` point at the fields
├── PreconditionRequired  428  If-Match is missing
├── TooManyRequests       429  with Retry-After
└── Unavailable           503  with Retry-After
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """The error of one field. `pointer` is a JSON pointer into the body (RFC 6901), or `query:limit`,
    `path:product_id` or `header:If-Match` for a value outside the body."""

    pointer: str
    message: str


class ShopError(Exception):
    """An error for a client, as a problem document (RFC 9457).

    `code` is the stable slug of the problem's type, and `title` its short name. `detail` says what is wrong
    and what to do; a class whose errors all say the same has it as an attribute. `extra` adds members to the
    problem document, `headers` adds response headers. Where `detail` names what is inside the shop, it is for
    the log, and clients get `public_detail` instead.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Error"
    detail: str = ""
    default_headers: ClassVar[Mapping[str, str]] = {}
    public_detail: ClassVar[str | None] = None

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail or self.detail
        super().__init__(self.detail)
        self.errors = tuple(errors)
        self.extra = dict(extra or {})
        self.headers = dict(headers or self.default_headers)


class MalformedRequest(ShopError):
    status, code, title = 400, "malformed-request", "Malformed request"


class NotAuthenticated(ShopError):
    """The token is missing or not accepted. The challenge is required (RFC 9110, section 11.6.1)."""

    status, code, title = 401, "not-authenticated", "Not authenticated"
    default_headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer realm="trolley"'}


class PermissionDenied(ShopError):
    status, code, title = 403, "permission-denied", "Permission denied"


class NotFound(ShopError):
    status, code, title = 404, "not-found", "Not found"


class Conflict(ShopError):
    status, code, title = 409, "conflict", "Conflict"


class PreconditionFailed(ShopError):
    status, code, title = 412, "precondition-failed", "Precondition failed"


class PayloadTooLarge(ShopError):
    status, code, title = 413, "payload-too-large", "Payload too large"


class UnsupportedMediaType(ShopError):
    status, code, title = 415, "unsupported-media-type", "Unsupported media type"


class InvalidInput(ShopError):
    status, code, title = 422, "invalid-input", "Invalid input"

    @classmethod
    def at(cls, pointer: str, message: str) -> InvalidInput:
        """The error of one field."""
        return cls("A value is not acceptable: see errors.", errors=[FieldError(pointer, message)])


class PreconditionRequired(ShopError):
    status, code, title = 428, "precondition-required", "Precondition required"


class _RetryLater(ShopError):
    """A `ShopError` with the number of seconds to wait (`Retry-After`, RFC 9110)."""

    def __init__(self, detail: str, *, retry_after: int = 1, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail, extra=extra, headers={"Retry-After": str(retry_after)})


class TooManyRequests(_RetryLater):
    status, code, title = 429, "too-many-requests", "Too many requests"


class Unavailable(_RetryLater):
    status, code, title = 503, "unavailable", "Temporarily unavailable"
