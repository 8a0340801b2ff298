"""An example value for any schema of an OpenAPI document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class Examples:
    """Builds examples for requests, from the schema's `examples`, `default` or `enum` if it has one of them.
    Fields that are only read (`readOnly`) are left out."""

    def __init__(self, document: Json) -> None:
        self._schemas: Json = document["components"]["schemas"]

    def of(self, schema: Json) -> Any:
        """A value that the schema accepts, if the schema's own examples are valid."""
        schema = self.resolve(schema)
        if "examples" in schema:
            return schema["examples"][0]
        for said in ("example", "const", "default"):
            if schema.get(said) is not None:
                return schema[said]
        if "enum" in schema:
            return schema["enum"][0]
        return self._invented(schema)

    def resolve(self, schema: Json) -> Json:
        """The schema behind a reference, and the first alternative of a choice."""
        if "$ref" in schema:
            return self.resolve(self._schemas[schema["$ref"].rpartition("/")[2]])
        for choice in ("anyOf", "oneOf"):
            if choice in schema and "examples" not in schema:
                return {**self.resolve(schema[choice][0]), **{k: v for k, v in schema.items() if k != choice}}
        return schema

    def _invented(self, schema: Json) -> Any:
        match schema.get("type"):
            case "object":
                properties = schema.get("properties", {}).items()
                return {name: self.of(value) for name, value in properties if not value.get("readOnly")}
            case "array":
                return [self.of(schema["items"])]
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return True
            case _:
                return "x" * schema.get("minLength", 1)
