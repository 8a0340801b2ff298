"""Answers in JSON bytes, and the description of errors in the OpenAPI document."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Self

import orjson
from starlette.responses import Response

from shared.errors import ShopError
from shared.http.problem import MEDIA_TYPE
from shared.http.problem_schemas import OF_STATUS, SCHEMAS, Problem, problem_example


class JsonBytes(Response):
    """JSON that is ready to send."""

    media_type = "application/json"

    @classmethod
    def of(cls, value: Any, status_code: int = 200, headers: dict[str, str] | None = None) -> Self:
        """Encodes what orjson knows: dataclasses, enumerations, dates, and plain values."""
        return cls(orjson.dumps(value), status_code, headers)


def problem_responses(
    *errors: type[ShopError], model: type[Problem] | None = None, members: dict[str, Any] | None = None
) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route for the errors it can raise: `responses=problem_responses(CartNotFound)`.

    `model` is for problems with further members, and `members` is an example of those. Without `model` the
    schema is that of the status."""
    of_status: dict[int, list[type[ShopError]]] = defaultdict(list)
    for error in errors:
        of_status[error.status].append(error)
    described: dict[int | str, dict[str, Any]] = {}
    for status, kinds in sorted(of_status.items()):
        described[status] = response = _describe(kinds, members or {})
        if model is not None:
            response["model"] = model
        else:
            response["content"][MEDIA_TYPE]["schema"] = {"$ref": SCHEMAS + OF_STATUS[status]}
    return described


def _describe(errors: list[type[ShopError]], members: dict[str, Any]) -> dict[str, Any]:
    examples = {error.code: problem_example(error, members) for error in errors}
    return {
        "description": " / ".join(dict.fromkeys(error.title for error in errors)),
        "content": {MEDIA_TYPE: {"examples": examples}},
    }
