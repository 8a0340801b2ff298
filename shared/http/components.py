"""The components of an OpenAPI document: each is there once, and something refers to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.http.problem import MEDIA_TYPE

Json = dict[str, Any]

_UNDESCRIBED = "Successful Response"  # FastAPI's default
_DESCRIPTIVE = ("description", "examples")
_SHARED = ("schemas", "examples")


def describe_answers(document: Json) -> None:
    """Describes each answer that its route does not describe."""
    schemas = document["components"]["schemas"]
    for item in document["paths"].values():
        for operation in item.values():
            for response in operation["responses"].values():
                if response["description"] == _UNDESCRIBED:
                    response["description"] = _description(response, schemas)


def _description(response: Json, schemas: Json) -> str:
    for content in response.get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        return str(schemas.get(name, {}).get("description", "Done."))
    return "Done. There is no body."


def share_examples(document: Json) -> None:
    """Moves the examples of problems to the components, where every operation refers to them."""
    shared: Json = {}
    for item in document["paths"].values():
        for operation in item.values():
            for response in operation["responses"].values():
                _share(response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}), shared)
    document["components"]["examples"] = shared


def _share(examples: Json, shared: Json) -> None:
    for name, example in examples.items():
        shared[name] = example
        examples[name] = {"$ref": f"#/components/examples/{name}"}


def name_objects(document: Json) -> None:
    """Gives each object inside another schema a name, which is its title. Otherwise generated clients would
    have to invent one. Raises ValueError if a name has two meanings."""
    schemas = document["components"]["schemas"]
    named: Json = {}
    for schema in schemas.values():
        for properties in (schema, schema.get("properties", {})):
            for key, value in properties.items():
                properties[key] = _without_objects(value, named)
    if taken := named.keys() & schemas.keys():
        raise ValueError(f"{taken}: give the inner object another title")
    schemas |= named


def _without_objects(value: Any, named: Json) -> Any:
    if not isinstance(value, dict):
        return value
    if value.get("type") == "object":
        return _named(value, named)
    if "anyOf" not in value:
        return value
    # Pydantic describes the value beside null instead of the property.
    described = {key: value["anyOf"][0][key] for key in _DESCRIPTIVE if key in value["anyOf"][0]}
    choices = [_without_objects(choice, named) for choice in value["anyOf"]]
    return {**value, "anyOf": choices, **{key: value.get(key, text) for key, text in described.items()}}


def _named(value: Json, named: Json) -> Json:
    name = value["title"]
    if named.setdefault(name, value) != value:
        raise ValueError(f"{name} has two meanings: give one another title")
    return {"$ref": f"#/components/schemas/{name}"}


def prune_components(document: Json) -> None:
    """Removes the schemas and examples that nothing refers to, and sorts the others by name."""
    components = document["components"]
    used: set[str] = set()
    found = list(_references(document["paths"]))
    while found:
        reference = found.pop()
        if reference not in used:
            used.add(reference)
            kind, name = reference.split("/")[2:]
            found += _references(components[kind][name])
    for kind in _SHARED:
        names = sorted(name for name in components[kind] if f"#/components/{kind}/{name}" in used)
        components[kind] = {name: components[kind][name] for name in names}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
