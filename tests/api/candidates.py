"""Values at, within and past every limit that a schema of an OpenAPI document states.

Which of them are valid is for the document to say: see `Document.accepts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import orjson

Json = dict[str, Any]

MADE_BY_THE_SHOP = {"cursor", "guest_token", "refresh_token"}
"""Texts that only the shop can make. One of the right form is refused as well, with other words."""

OF_THE_SHOP = {"currency"}
"""Which of the valid ones is accepted depends on a setting."""

EASY_TO_GUESS = {"password", "new_password"}
"""Passwords are also compared with lists and with the user, as their descriptions say."""

OF_PEOPLE = {"name", "email"}
"""Texts about people. Those with characters that nobody sees are refused, which no pattern can list."""

BESIDE_OTHERS = {"ids", "ends_at", "password"}
"""Fields that are refused, or wanted, beside certain values of other fields, as their descriptions say. The
password of `DELETE /me` may be in a header instead."""

ODD_TEXTS = (
    "",
    " ",
    "a b",
    "a/b",
    "-x",
    "tab\there",
    "line\nend",
    "nul\x00",
    "bell\x07",
    "ünïcode",
    "a,b",
    "x" * 3,
)
OTHER_TYPES = (None, True, 7, 1.5, "text", [], {})
LABEL = "abcdefghij" * 6


class Document:
    """Resolves and validates by one OpenAPI document."""

    def __init__(self, document: Json) -> None:
        self.paths: Json = document["paths"]
        self._components: Json = document["components"]
        self._validators: dict[bytes, jsonschema_rs.Draft202012Validator] = {}

    def resolve(self, schema: Json) -> Json:
        """The schema behind a reference, with the members beside the reference."""
        if "$ref" not in schema:
            return schema
        target = self._components["schemas"][schema["$ref"].rpartition("/")[2]]
        return self.resolve(target) | {key: value for key, value in schema.items() if key != "$ref"}

    def alternatives(self, schema: Json) -> list[Json]:
        """The resolved options of a choice; the schema itself if it is not a choice."""
        schema = self.resolve(schema)
        choices = schema.get("oneOf") or schema.get("anyOf")
        return [found for each in choices for found in self.alternatives(each)] if choices else [schema]

    def accepts(self, schema: Json, value: Any) -> bool:
        """Whether the document calls the value valid."""
        name = orjson.dumps(schema)
        if name not in self._validators:
            whole = {**schema, "components": self._components}
            self._validators[name] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return bool(self._validators[name].is_valid(value))

    def example(self, schema: Json) -> Any:
        """A small valid value: the schema's example, or only the required members."""
        schema = self.alternatives(schema)[0]
        for said in ("const", "default"):
            if schema.get(said) is not None:
                return schema[said]
        if schema.get("type") == "object":
            least = schema.get("minProperties", 0)
            names = schema.get("required") or list(schema.get("properties", ()))[:least]
            return {name: self.example(schema["properties"][name]) for name in names}
        if "examples" in schema:
            return schema["examples"][0]
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("type") == "array":
            return [self.example(schema["items"])] * schema.get("minItems", 0)
        return {"integer": schema.get("minimum", 1), "boolean": True}.get(schema.get("type", ""), "abc")

    def values(self, schema: Json) -> Iterator[tuple[tuple[str | int, ...], Any]]:
        """Candidates for the schema, each with the place in it that the candidate is about."""
        yield from (((), value) for value in OTHER_TYPES)
        for alternative in self.alternatives(schema):
            yield from (((), value) for value in alternative.get("enum", ()))
            match alternative.get("type"):
                case "string":
                    yield from (((), value) for value in self._texts(alternative))
                case "integer" | "number":
                    yield from (((), value) for value in _numbers(alternative))
                case "array":
                    yield from self._arrays(alternative)
                case "object":
                    yield from self._objects(alternative)

    def _texts(self, schema: Json) -> Iterator[str]:
        yield from ODD_TEXTS
        limits = [schema[key] for key in ("minLength", "maxLength") if key in schema]
        for length in {length + step for length in limits for step in (-1, 0, 1) if length + step >= 0}:
            yield self.text_of(schema, length)

    def text_of(self, schema: Json, length: int) -> str:
        """A text of this length, which fits the schema's pattern and format if any such text is known."""
        free = {key: value for key, value in schema.items() if key not in ("minLength", "maxLength")}
        fitting = (text for text in _texts_of(length) if self.accepts(free, text))
        return next(fitting, "a" * length)

    def _arrays(self, schema: Json) -> Iterator[tuple[tuple[str | int, ...], Any]]:
        item = self.example(schema["items"])
        for key in ("minItems", "maxItems"):
            for step in (-1, 0, 1):
                if schema.get(key, 0) + step >= 0:
                    yield (), self._items(schema["items"], item, schema.get(key, 0) + step)
        for kind in self.alternatives(schema["items"]):
            for place, value in self.values(kind):
                yield (0, *place), [value]

    def _items(self, schema: Json, item: Any, count: int) -> list[Any]:
        kind = self.resolve(schema)
        is_text = kind.get("type") == "string"
        return [f"{item}{number}" if is_text else item for number in range(count)]

    def _objects(self, schema: Json) -> Iterator[tuple[tuple[str | int, ...], Any]]:
        base = self.example(schema)
        yield ("unknown-member",), {**base, "unknown-member": 1}
        yield from self._maps(schema)
        for name, described in schema.get("properties", {}).items():
            if self.resolve(described).get("readOnly"):
                continue  # it has to be as it is
            yield (name,), {key: value for key, value in base.items() if key != name}
            for place, value in self.values(described):
                yield (name, *place), {**base, name: value}

    def _maps(self, schema: Json) -> Iterator[tuple[tuple[str | int, ...], Any]]:
        member = schema.get("additionalProperties")
        if not isinstance(member, dict):
            return
        value, most = self.example(member), schema["maxProperties"]
        for count in (most, most + 1):
            yield (), {f"name-{number}": value for number in range(count)}
        for name in self._texts(schema["propertyNames"]):
            yield (name,), {name: value}
        for place, candidate in self.values(member):
            yield ("name", *place), {"name": candidate}


def _numbers(schema: Json) -> Iterator[int]:
    for key in ("minimum", "maximum"):
        if key in schema:
            yield from (int(schema[key]) + step for step in (-1, 0, 1))
    yield 10**30


def _texts_of(length: int) -> Iterator[str]:
    yield from (character * length for character in "aA1")
    yield "abc".ljust(length)[:length]
    yield f"{'a' * 64}@{f'{LABEL}.' * 5}"[: max(length - 4, 0)] + ".com"
    yield f"{'a' * max(length - 12, 1)}@example.com"
    yield f"https://example.com/{'a' * (length - 20)}"
    yield f"/{'a' * (length - 1)}"
    yield f"2126-03-01T00:00:00.{'1' * (length - 26)}+00:00"
    yield f'"{"a" * (length - 2)}"'
