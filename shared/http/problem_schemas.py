"""The schemas of problem documents in the OpenAPI document, and an example of each type."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from shared.errors import ShopError
from shared.http.models import TIME_SCHEMA, PublicModel
from shared.http.problem_types import BY_CODE, PROBLEM_TYPES, TYPE_PREFIX

Json = dict[str, Any]

SCHEMAS = "#/components/schemas/"
OF_STATUS = {
    400: "MalformedRequestProblem",
    401: "NotAuthenticatedProblem",
    403: "PermissionDeniedProblem",
    404: "NotFoundProblem",
    409: "ConflictProblem",
    412: "PreconditionFailedProblem",
    413: "PayloadTooLargeProblem",
    414: "UriTooLongProblem",
    415: "UnsupportedMediaTypeProblem",
    422: "InvalidInputProblem",
    428: "PreconditionRequiredProblem",
    429: "TooManyRequestsProblem",
    431: "HeadTooLargeProblem",
    502: "BadGatewayProblem",
    503: "UnavailableProblem",
}
"""The schema of each status. No operation declares 405, 500 and 501."""

MOST_ERRORS = 1000
LONGEST_TEXT = 131_072
"""Characters of a text that quotes the request, whose head the gateway bounds."""


class ProblemError(PublicModel):
    """What is wrong with one value."""

    pointer: Annotated[
        str,
        Field(
            max_length=LONGEST_TEXT,
            description="A JSON pointer into the body (RFC 6901), or `query:…`, `path:…`, `header:…`.",
            examples=["/items/0/quantity"],
        ),
    ]
    message: Annotated[
        str,
        Field(
            max_length=LONGEST_TEXT,
            description="What is wrong, in English, for people.",
            examples=["Input should be greater than or equal to 1"],
        ),
    ]


class Problem(PublicModel):
    """An error (RFC 9457). `type` says which one; the page `/docs/problems` says what to do about each."""

    type: Annotated[str, Field(description="Stable name of the kind of problem.")]
    title: Annotated[
        str, Field(max_length=100, description="The kind in short, in English.", examples=["Not found"])
    ]
    status: Annotated[int, Field(ge=400, le=599, description="The HTTP status.", examples=[404])]
    detail: Annotated[
        str,
        Field(
            max_length=LONGEST_TEXT,
            description="What happened and what to do, in English, for people.",
            examples=["There is nothing at this path. /docs shows what there is."],
        ),
    ]
    instance: Annotated[
        str, Field(max_length=LONGEST_TEXT, description="Path of the request.", examples=["/api/v1/cart"])
    ]
    request_id: Annotated[
        str,
        Field(
            max_length=128,
            description="As in the header `X-Request-Id` and in the logs.",
            examples=["0198c7e2f0a87c3e9d1b5a4f6e2c8d70"],
        ),
    ]
    errors: Annotated[
        list[ProblemError],
        Field(
            default_factory=list,
            max_length=MOST_ERRORS,
            description="The values that were refused, if it is about values.",
        ),
    ]


_MEMBERS: dict[str, Json] = {
    "error": {
        "type": "string",
        "enum": ["invalid_request", "invalid_grant", "unsupported_grant_type"],
        "description": "Of the token endpoint: the error as RFC 6749 names it.",
    },
    "error_description": {
        "type": "string",
        "maxLength": LONGEST_TEXT,
        "description": "Of the token endpoint: the same as `detail`.",
    },
    "product_id": {"type": "string", "maxLength": 64, "description": "Id of the product that it is about."},
    "quantity": {"type": "integer", "minimum": 0, "maximum": 999, "description": "Pieces in the line now."},
    "limit": {"type": "integer", "minimum": 0, "maximum": 999, "description": "The most that is possible."},
    "promo_code": {"type": "string", "maxLength": 40, "description": "The promo code that it is about."},
    "starts_at": TIME_SCHEMA | {"description": "From when on the code works."},
    "per_user_limit": {
        "type": "integer",
        "minimum": 1,
        "maximum": 1_000_000,
        "description": "Uses that one customer has.",
    },
    "service": {"type": "string", "maxLength": 40, "description": "The service that did not answer."},
    "max_age": {
        "type": "integer",
        "minimum": 0,
        "maximum": 86_400,
        "description": "How long ago the sign-in may be, in seconds.",
    },
    "current_version": {
        "type": "integer",
        "minimum": 1,
        "maximum": 2**53 - 1,
        "description": "The version that the product has now.",
    },
}
"""Further members of some problem types. The routes describe members that are objects."""


def problem_schemas() -> Json:
    """The named schemas of all problems."""
    common = Problem.model_json_schema(ref_template=SCHEMAS + "{model}")
    schemas: Json = common.pop("$defs")
    common["properties"]["type"] = {"$ref": f"{SCHEMAS}ProblemType"}
    kinds = {
        "type": "string",
        "enum": [problem.uri for problem in PROBLEM_TYPES],
        "description": "Stable name of the kind of problem. The page `/docs/problems` says when each is"
        " answered, and what to do then. New ones may be added: treat an unknown one by its status.",
        "externalDocs": {"description": "Every problem type", "url": "/docs/problems"},
    }
    schemas |= {"Problem": common, "ProblemType": kinds}
    return schemas | {name: _of_status(status) for status, name in OF_STATUS.items()}


def _of_status(status: int) -> Json:
    problems = [problem for problem in PROBLEM_TYPES if problem.status == status]
    members = {name for problem in problems for name in problem.members}
    narrowed = {
        "type": {"type": "string", "enum": [problem.uri for problem in problems]},
        "status": {"type": "integer", "minimum": status, "maximum": status},
        **{name: schema for name, schema in _MEMBERS.items() if name in members},
    }
    return {
        "description": f"A problem with the status {status}.",
        "allOf": [{"$ref": f"{SCHEMAS}Problem"}, {"properties": narrowed}],
    }


def problem_example(error: type[ShopError], members: Json) -> Json:
    """An example of the problem for the OpenAPI document, with these further members."""
    known = BY_CODE.get(error.code)
    value = {
        "type": TYPE_PREFIX + error.code,
        "title": error.title,
        "status": error.status,
        "detail": known.remedy if known else error.title,
        "instance": "/api/v1/…",
        "request_id": "0198c7e2f0a87c3e9d1b5a4f6e2c8d70",
        **members,
    }
    return {"summary": error.title, "description": known.when if known else error.title, "value": value}
