"""What a refused `If-Match` is told, described."""

from __future__ import annotations

from typing import Any

from cart_service.api.fields import EXAMPLE_PRODUCT_ID, PRODUCT_ID_PATTERN
from cart_service.domain.differences import Differing
from cart_service.domain.errors import CartChanged
from shared.http.problem import MEDIA_TYPE
from shared.http.responses import PROBLEM_SCHEMA, problem_responses

_PRODUCT_ID = {
    "type": ["string", "null"],
    "pattern": PRODUCT_ID_PATTERN,
    "description": "Null where it is about the whole cart.",
}
_FIELD = {
    "enum": [str(field) for field in Differing],
    "description": "Of the product's line in the cart, or (`saved_…`) of the one saved for later. A quantity"
    " is 0 where there is no line; then nothing else of the line is told.",
}
_VALUE = {"type": ["integer", "string", "null"]}
_DIFFERENCE = {
    "type": "object",
    "properties": {
        "product_id": _PRODUCT_ID,
        "field": _FIELD,
        "then": _VALUE | {"description": "What it was in the version that `If-Match` names."},
        "now": _VALUE | {"description": "What it is in `cart`."},
    },
    "required": ["product_id", "field", "then", "now"],
}
_DIFFERENCES = {
    "type": ["array", "null"],
    "items": _DIFFERENCE,
    "description": "What differs between the newest version that `If-Match` names and `cart`. Empty where all"
    " that was changed was changed back, or where only prices and stock in the catalogue are others. Null"
    " where the version is too long ago, or never was.",
}
_EXAMPLE = [{"product_id": EXAMPLE_PRODUCT_ID, "field": "quantity", "then": 1, "now": 2}]


def cart_changed_response() -> dict[int | str, dict[str, Any]]:
    """`responses=` for a 412, with the present cart and what differs from the one that the client knows."""
    (status, described), *_ = problem_responses(CartChanged).items()
    content = described["content"][MEDIA_TYPE]
    for example in content["examples"].values():
        example["value"]["differences"] = _EXAMPLE
    members = {"cart": {"$ref": "#/components/schemas/CartPublic"}, "differences": _DIFFERENCES}
    more = {"type": "object", "properties": members, "required": ["differences"]}
    return {
        status: described | {"content": {MEDIA_TYPE: content | {"schema": {"allOf": [PROBLEM_SCHEMA, more]}}}}
    }
