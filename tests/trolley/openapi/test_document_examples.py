"""Requests that are made from the document's examples work in a shop with the demo catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from product_service.products.model import product_id_of
from tests.trolley.openapi.generated import DOCUMENT
from trolley.catalogue import import_lines
from trolley.openapi.operations import ApiOperation, operations_of

OPERATIONS = {operation.id: operation for operation in operations_of(DOCUMENT)}
PRODUCT_ID = re.compile(r"p[0-9a-f]{15,31}")


def texts(value: Any) -> Iterator[str]:
    """Every text in a document."""
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from texts(item)
        case list():
            for item in value:
                yield from texts(item)


def test_every_product_id_is_in_the_demo_catalogue() -> None:
    sold = {product_id_of(orjson.loads(line)["sku"]) for line in import_lines()}
    named = {text for text in texts(DOCUMENT) if PRODUCT_ID.fullmatch(text)}
    assert len(named) >= 2
    assert named <= sold


def test_every_path_parameter_has_an_example_or_is_personal() -> None:
    without = {
        parameter["name"]
        for operation in OPERATIONS.values()
        for parameter in operation.parameters("path")
        if not parameter["schema"].get("examples")
    }
    assert without <= {"session_id"}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_an_optional_parameter_has_no_example_that_a_form_would_send(operation: ApiOperation) -> None:
    optional = [it for it in operation.described.get("parameters", ()) if not it.get("required")]
    assert [it["name"] for it in optional if "example" in it or "example" in it["schema"]] == []


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_a_write_that_wants_a_version_says_that_it_does(operation: ApiOperation) -> None:
    required = {it["name"]: it["required"] for it in operation.parameters("header")}
    assert required.get("If-Match", False) is ("428" in operation.statuses)


def test_an_example_of_an_account_change_locks_nobody_out() -> None:
    changes = DOCUMENT["components"]["schemas"]["UserUpdate"]["properties"]
    assert (changes["role"]["examples"], changes["disabled"]["examples"]) == (["customer"], [False])
