"""JSON Schema takes 2.0 for an integer, and nothing that is not a whole number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import auth_service.main
import cart_service.main
import product_service.main
from shared.http.models import StrictModel

SERVICES = (auth_service.main, cart_service.main, product_service.main)  # whose bodies are looked at


def bodies(base: type[BaseModel] = StrictModel) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        if model.__module__.split(".")[0].endswith("_service"):
            yield model
        yield from bodies(model)


def integers() -> list[tuple[type[BaseModel], str]]:
    return [
        (model, name)
        for model in dict.fromkeys(bodies())
        for name, schema in model.model_json_schema().get("properties", {}).items()
        if "integer" in {each.get("type") for each in (schema, *schema.get("anyOf", []))}
    ]


def is_refused(model: type[BaseModel], name: str, value: Any) -> bool:
    try:
        model.model_validate({name: value})
    except ValidationError as error:
        return name in {found["loc"][0] for found in error.errors()}
    return False


def test_there_are_integers_to_look_at() -> None:
    assert len(integers()) > 10
    assert {model.__module__.split(".")[0] for model, _ in integers()} == {"cart_service", "product_service"}


@pytest.mark.parametrize(
    ("model", "name"), integers(), ids=lambda each: each if isinstance(each, str) else each.__name__
)
def test_a_whole_number_may_be_written_with_a_point(model: type[BaseModel], name: str) -> None:
    assert not is_refused(model, name, 2)
    assert not is_refused(model, name, 2.0)
    for value in (2.5, True, "2", "2.0", float("inf"), float("nan"), 1e300):
        assert is_refused(model, name, value), value
