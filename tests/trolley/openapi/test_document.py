"""Rules for every part of the whole API document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from tests.trolley.openapi.generated import DOCUMENT
from trolley.openapi.operations import ApiOperation, operations_of

Json = dict[str, Any]

OPERATIONS = operations_of(DOCUMENT)
SCHEMAS: Json = DOCUMENT["components"]["schemas"]
STREAMS = ("application/x-ndjson", "text/csv", "text/event-stream")
"""Bodies without an end are counted in bytes, by a setting."""

CHOICES = ("anyOf", "oneOf", "allOf")
PLAIN_WORDS = re.compile(r"[A-Z0-9`].*[.`…]$", re.DOTALL)


def described_schemas() -> Iterator[tuple[str, Json]]:
    """Each schema of the document, with its place."""
    for name, schema in SCHEMAS.items():
        yield from parts(name, schema)
    for operation in OPERATIONS:
        for parameter in operation.described.get("parameters", ()):
            yield from parts(f"{operation.id} {parameter['in']}:{parameter['name']}", parameter["schema"])
        for place, content in bodies(operation):
            for media_type, described in content.items():
                if media_type not in STREAMS:
                    yield from parts(f"{operation.id} {place} {media_type}", described["schema"])


def bodies(operation: ApiOperation) -> Iterator[tuple[str, Json]]:
    if "requestBody" in operation.described:
        yield "request", operation.described["requestBody"]["content"]
    for status, response in operation.described["responses"].items():
        yield status, response.get("content", {})


def parts(place: str, schema: Json) -> Iterator[tuple[str, Json]]:
    yield place, schema
    for name, part in schema.get("properties", {}).items():
        yield from parts(f"{place}.{name}", part)
    for key in ("items", "additionalProperties", "propertyNames"):
        if isinstance(schema.get(key), dict):
            yield from parts(f"{place}.{key}", schema[key])
    for key in CHOICES:
        for number, part in enumerate(schema.get(key, ())):
            yield from parts(f"{place}.{key}[{number}]", part)


ALL = list(described_schemas())


def types(schema: Json) -> set[str]:
    kind = schema.get("type", ())
    return {kind} if isinstance(kind, str) else set(kind)


def test_every_object_is_a_named_component() -> None:
    inline = [place for place, schema in ALL if "object" in types(schema) and place not in SCHEMAS]
    assert inline == []


def test_every_object_says_what_it_holds() -> None:
    vague = [
        place
        for place, schema in ALL
        if "object" in types(schema) and not {"properties", "additionalProperties"} & schema.keys()
    ]
    assert vague == []


def test_every_text_number_list_and_map_has_its_limits() -> None:
    unbounded = [place for place, schema in ALL if not is_bounded(schema)]
    assert unbounded == []


def is_bounded(schema: Json) -> bool:
    if "enum" in schema or "const" in schema:
        return True
    needed = {
        "string": {"maxLength"},
        "integer": {"minimum", "maximum"},
        "number": {"minimum", "maximum"},
        "array": {"maxItems"},
    }
    wanted: set[str] = set().union(*(needed.get(kind, set()) for kind in types(schema)))
    if "object" in types(schema) and "additionalProperties" in schema and "properties" not in schema:
        wanted |= {"maxProperties"}
    return wanted <= schema.keys()


def test_every_operation_says_in_a_line_and_in_full_what_it_does() -> None:
    for operation in OPERATIONS:
        summary, description = operation.summary, operation.described.get("description", "")
        assert re.fullmatch(r"[A-Z][^\n.]{2,79}", summary), operation.id
        assert PLAIN_WORDS.match(description), operation.id
        assert description.strip(".") != summary, operation.id


def test_every_parameter_and_property_is_described() -> None:
    undescribed = [
        f"{operation.id} {parameter['name']}"
        for operation in OPERATIONS
        for parameter in operation.described.get("parameters", ())
        if not PLAIN_WORDS.match(parameter.get("description", ""))
    ]
    undescribed += [
        f"{name}.{field}"
        for name, schema in SCHEMAS.items()
        for part in (schema, *schema.get("allOf", ()))
        for field, described in part.get("properties", {}).items()
        if "$ref" not in described and field not in ("type", "status")
        if not PLAIN_WORDS.match(described.get("description", ""))
    ]
    undescribed += [name for name, schema in SCHEMAS.items() if not is_said(schema)]
    assert undescribed == []


def is_said(schema: Json) -> bool:
    return bool(PLAIN_WORDS.match(schema.get("description", "")))


def test_every_answer_is_described() -> None:
    for operation in OPERATIONS:
        for status, response in operation.described["responses"].items():
            assert response["description"] not in ("", "Successful Response"), (operation.id, status)


def test_an_amount_of_money_says_its_unit() -> None:
    money = re.compile(r"price|amount|spend|^subtotal$|discount$|line_total")
    without = [
        place
        for place, schema in ALL
        if money.search(place.rpartition(".")[2]) and types(schema) == {"integer"}
        if "in minor units" not in schema["description"].lower()
    ]
    assert without == []


def test_a_percentage_says_of_what_it_is_a_part() -> None:
    described = {place: schema["description"] for place, schema in ALL if place.endswith(".percent")}
    assert described
    assert [place for place, text in described.items() if not text.startswith("Per cent ")] == []


def validator(schema: Json) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        {**schema, "components": DOCUMENT["components"]}, validate_formats=True
    )


@pytest.mark.parametrize(
    "schema", [schema for _, schema in ALL if "examples" in schema or "default" in schema]
)
def test_an_example_and_a_default_are_valid(schema: Json) -> None:
    check = validator({key: value for key, value in schema.items() if key not in ("examples", "default")})
    for example in schema.get("examples", ()):
        check.validate(example)
    if schema.get("default") is not None:
        check.validate(schema["default"])


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_an_example_of_a_parameter_or_a_body_is_valid(operation: ApiOperation) -> None:
    for parameter in operation.described.get("parameters", ()):
        for example in examples(parameter):
            validator(parameter["schema"]).validate(example)
    for _, content in bodies(operation):
        for media_type, described in content.items():
            for example in examples(described) if media_type not in STREAMS else ():
                validator(described["schema"]).validate(example)


def examples(described: Json) -> Iterator[Any]:
    if "example" in described:
        yield described["example"]
    for example in described.get("examples", {}).values():
        reference = example.get("$ref", "").rpartition("/")[2]
        yield (DOCUMENT["components"]["examples"][reference] if reference else example)["value"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_every_operation_says_who_may_call_it_and_what_it_can_refuse(operation: ApiOperation) -> None:
    assert "security" in operation.described
    assert any(status.startswith("4") for status in operation.statuses)
    for status, response in operation.described["responses"].items():
        if status >= "400" and "application/problem+json" in response.get("content", {}):
            listed = response["content"]["application/problem+json"]["examples"]
            assert listed, (operation.id, status)
