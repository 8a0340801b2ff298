"""Errors of the token endpoint for OAuth 2.0 clients (RFC 6749, section 5.2). They are problem documents with
the further members `error` and `error_description`."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError

from auth_service.accounts.errors import AccountDisabled, InvalidCredentials, PasswordTooWeak
from shared.errors import InvalidInput, MalformedRequest, ShopError
from shared.http.validation import from_validation_error


class TokenRequestRefused(ShopError):
    """`error` is `invalid_request`, `invalid_grant` or `unsupported_grant_type`."""

    status, code, title = 400, "token-request-refused", "Token request refused"

    @classmethod
    def of(cls, error: ShopError, oauth_error: str) -> TokenRequestRefused:
        description = " ".join(f"{it.pointer.removeprefix('/')}: {it.message}." for it in error.errors[:5])
        extra = {"error": oauth_error, "error_description": description or error.detail}
        return cls(error.detail, errors=error.errors, extra=extra)


def as_oauth_error(error: Exception) -> ShopError | None:
    """The error by the names of RFC 6749; None for an error without a name there, such as 429."""
    match error:
        case InvalidCredentials() | AccountDisabled() | PasswordTooWeak():
            return TokenRequestRefused.of(error, "invalid_grant")
        case RequestValidationError():
            return TokenRequestRefused.of(from_validation_error(error), _name(error))
        case InvalidInput() | MalformedRequest():
            return TokenRequestRefused.of(error, "invalid_request")
    return None


def _name(error: RequestValidationError) -> str:
    types = {item["loc"][-1]: item["type"] for item in error.errors()}
    return "unsupported_grant_type" if types.get("grant_type") == "literal_error" else "invalid_request"
