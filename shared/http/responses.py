"""Answers that are bytes already, and the description of errors."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Self

import orjson
from starlette.responses import Response

from shared.errors import ShopError
from shared.http.problem import MEDIA_TYPE, TYPE_PREFIX

PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}


class JsonBytes(Response):
    """JSON that is ready to send."""

    media_type = "application/json"

    @classmethod
    def of(cls, value: Any, status_code: int = 200, headers: dict[str, str] | None = None) -> Self:
        """Encodes what orjson knows: dataclasses, enumerations, dates, and plain values."""
        return cls(orjson.dumps(value), status_code, headers)


def problem_responses(*errors: type[ShopError]) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route for the errors it can raise: `responses=problem_responses(CartNotFound)`."""
    of_status: dict[int, list[type[ShopError]]] = defaultdict(list)
    for error in errors:
        of_status[error.status].append(error)
    return {status: _describe(kinds) for status, kinds in sorted(of_status.items())}


def _describe(errors: list[type[ShopError]]) -> dict[str, Any]:
    examples = {error.code: {"summary": error.title, "value": _example(error)} for error in errors}
    return {
        "description": " / ".join(error.title for error in errors),
        "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA, "examples": examples}},
    }


def _example(error: type[ShopError]) -> dict[str, Any]:
    return {
        "type": TYPE_PREFIX + error.code,
        "title": error.title,
        "status": error.status,
        "detail": (error.__doc__ or error.title).strip().partition("\n")[0],
        "instance": "/api/v1/…",
        "request_id": "0198c7e2f0a87c3e9d1b5a4f6e2c8d70",
    }
