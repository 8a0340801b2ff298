from __future__ import annotations

from typing import Any

import pytest

from trolley.openapi.examples import Examples

EXAMPLES = Examples({"components": {"schemas": {"Colour": {"enum": ["red", "blue"]}}}})


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        ({"type": "integer", "examples": [7], "default": 1}, 7),
        ({"type": "integer", "default": 3, "minimum": 1}, 3),
        ({"type": "integer", "minimum": 2}, 2),
        ({"type": "string", "minLength": 3}, "xxx"),
        ({"type": "boolean"}, True),
        ({"const": "add"}, "add"),
        ({"$ref": "#/components/schemas/Colour"}, "red"),
        ({"anyOf": [{"$ref": "#/components/schemas/Colour"}, {"type": "null"}]}, "red"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}], "examples": [12]}, 12),
        ({"type": "array", "items": {"type": "integer", "examples": [5]}}, [5]),
        ({"type": "object", "properties": {"a": {"const": 1}}}, {"a": 1}),
        ({"type": "object", "properties": {"a": {"const": 1}, "id": {"readOnly": True}}}, {"a": 1}),
    ],
)
def test_an_example_of_a_schema(schema: dict[str, Any], example: object) -> None:
    assert EXAMPLES.of(schema) == example
