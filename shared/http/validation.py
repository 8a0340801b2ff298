"""The framework's validation errors as the shop's errors, each with a pointer to the value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.errors import FieldError, InvalidInput, ShopError
from shared.http.problem import from_http_exception

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])
Translate = Callable[[Exception], ShopError | None]
"""Turns an exception into the error for the client; None keeps the exception."""

_ATTRIBUTE = "translate_error"


def errors_translated(translate: Translate) -> Callable[[Endpoint], Endpoint]:
    """Decorates an endpoint. Every exception of its request is translated, also one from before it runs."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _ATTRIBUTE, translate)
        return endpoint

    return mark


def translation_of(endpoint: Callable[..., object]) -> Translate | None:
    translate: Translate | None = getattr(endpoint, _ATTRIBUTE, None)
    return translate


_REPORTED = 1000
"""More than the operations of a list, so all errors of a list are reported at once."""
_LONGEST = 400
"""Characters of a pointer and of a message, which can quote the client."""
_PLAIN = {
    "model_attributes_type": "Expected a JSON object",
    "model_type": "Expected a JSON object",
    "dict_type": "Expected a JSON object",
    "union_tag_not_found": "Field required",
}
_TAG_ERRORS = {"union_tag_not_found", "union_tag_invalid"}


def from_validation_error(error: RequestValidationError) -> ShopError:
    """422 with a pointer for each wrong value, up to a thousand."""
    found = error.errors()[:_REPORTED]
    errors = [FieldError(_pointer(item, error.body)[:_LONGEST], _message(item)) for item in found]
    return InvalidInput(
        "Correct the values that `errors` points at and send the request again.", errors=errors
    )


def _message(item: Mapping[str, Any]) -> str:
    if item["type"] in _PLAIN:
        return _PLAIN[item["type"]]
    if item["type"] == "union_tag_invalid":
        return f"Input should be one of {item['ctx']['expected_tags']}"[:_LONGEST]
    message = str(item["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return message[:1].upper() + message[1:_LONGEST]


def _pointer(item: Mapping[str, Any], body: Any) -> str:
    where, *path = item["loc"]
    if where != "body":
        return ":".join([where, *(str(step) for step in path)])
    steps = _steps_in(body, path, missing=item["type"] == "missing")
    if item["type"] in _TAG_ERRORS:  # pydantic points at the object instead of its discriminator
        steps.append(item["ctx"]["discriminator"].strip("'"))
    return "".join(f"/{escape_pointer(str(step))}" for step in steps)


def escape_pointer(step: str) -> str:
    """One step of a JSON pointer (RFC 6901, section 3)."""
    return step.replace("~", "~0").replace("/", "~1")


def _steps_in(body: Any, path: Sequence[str | int], *, missing: bool) -> list[str | int]:
    """The steps of `path` that are in the body. Pydantic puts the tags of unions between them."""
    steps: list[str | int] = []
    for position, step in enumerate(path):
        is_last = position == len(path) - 1
        if _holds(body, step):
            body = body[step]
        elif not (is_last and missing):
            continue
        steps.append(step)
    return steps


def _holds(value: Any, step: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, Mapping) and step in value


def known_error(error: Exception) -> ShopError | None:
    """The error for the client; None for a bug."""
    if isinstance(error, ShopError):
        return error
    if isinstance(error, RequestValidationError):
        return from_validation_error(error)
    if isinstance(error, HTTPException):
        return from_http_exception(error)
    return None
