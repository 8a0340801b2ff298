"""One operation of an OpenAPI document as a Postman request."""

from __future__ import annotations

from typing import Any

import orjson

from trolley.openapi.examples import Examples

Json = dict[str, Any]

VARIABLES = {
    "email": "{{email}}",
    "username": "{{email}}",
    "password": "{{password}}",
    "current_password": "{{password}}",
    "new_password": "{{password}}",
    "refresh_token": "{{refresh_token}}",
    "guest_token": "{{guest_token}}",
    "product_id": "{{product_id}}",
    "session_id": "{{session_id}}",
    "user_id": "{{user_id}}",
    "If-Match": "{{etag}}",
}
"""Fields and parameters that a run fills with what it learned."""


def request_of(examples: Examples, path: str, method: str, operation: Json, body: Json | None = None) -> Json:
    """The request with an example of each parameter and of the body (or `body` instead of it)."""
    request: Json = {
        "method": method.upper(),
        "description": operation.get("description", operation["summary"]),
        "header": _headers(examples, operation),
        "url": _url(examples, path, operation),
    }
    if not operation.get("security"):
        request["auth"] = {"type": "noauth"}
    if "requestBody" in operation:
        media_type, content = next(iter(operation["requestBody"]["content"].items()))
        request["header"].insert(0, {"key": "Content-Type", "value": media_type})
        request["body"] = _body(media_type, examples, content, body)
    return request


def _parameters(operation: Json, place: str) -> list[Json]:
    return [parameter for parameter in operation.get("parameters", ()) if parameter["in"] == place]


def _value(examples: Examples, name: str, schema: Json) -> Any:
    return VARIABLES.get(name) or examples.of(schema)


def _headers(examples: Examples, operation: Json) -> list[Json]:
    return [
        {
            "key": parameter["name"],
            "value": str(_value(examples, parameter["name"], parameter["schema"])),
            "description": parameter.get("description", ""),
            "disabled": not parameter.get("required", False),
        }
        for parameter in _parameters(operation, "header")
    ]


def _url(examples: Examples, path: str, operation: Json) -> Json:
    for parameter in _parameters(operation, "path"):
        value = _value(examples, parameter["name"], parameter["schema"])
        path = path.replace(f"{{{parameter['name']}}}", str(value))
    query = [
        {
            "key": parameter["name"],
            "value": str(_value(examples, parameter["name"], parameter["schema"])),
            "description": parameter.get("description", ""),
            "disabled": not parameter.get("required", False),
        }
        for parameter in _parameters(operation, "query")
    ]
    sent = "&".join(f"{entry['key']}={entry['value']}" for entry in query if not entry["disabled"])
    url: Json = {
        "raw": f"{{{{base_url}}}}{path}" + (f"?{sent}" if sent else ""),
        "host": ["{{base_url}}"],
        "path": path.removeprefix("/").split("/"),
    }
    return url | ({"query": query} if query else {})


def _body(media_type: str, examples: Examples, content: Json, body: Json | None) -> Json:
    example = body or content.get("example") or _filled(examples, content.get("schema", {}))
    if media_type == "application/x-www-form-urlencoded":
        fields = [{"key": key, "value": str(value), "type": "text"} for key, value in example.items()]
        return {"mode": "urlencoded", "urlencoded": fields}
    text = example if isinstance(example, str) else orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()
    return {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}


def _filled(examples: Examples, schema: Json) -> Any:
    properties = examples.resolve(schema).get("properties")
    if properties is None:
        return examples.of(schema)
    return {name: _value(examples, name, value) for name, value in properties.items()}
