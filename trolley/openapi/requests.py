"""One operation of an OpenAPI document as a Postman request."""

from __future__ import annotations

from typing import Any

import orjson

from trolley.openapi.examples import Examples
from trolley.openapi.operations import Operation

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

SENT_ALWAYS = {"once": True}
"""Parameters that are optional, and that a run sends because an answer without them would have no end."""


def request_of(operation: Operation, examples: Examples, body: Json | None = None) -> Json:
    """The request with an example of each parameter and of the body (or `body` instead of it).

    What is optional is there, but switched off.
    """
    request: Json = {
        "method": operation.method.upper(),
        "description": operation.described.get("description", operation.summary),
        "header": [_entry(parameter, examples) for parameter in operation.parameters("header")],
        "url": _url(operation, examples),
    }
    if not operation.described.get("security"):
        request["auth"] = {"type": "noauth"}
    if "requestBody" in operation.described:
        media_type, content = next(iter(operation.described["requestBody"]["content"].items()))
        request["header"].insert(0, {"key": "Content-Type", "value": media_type})
        request["body"] = _body(media_type, body or _example(content, examples))
    return request


def _value(name: str, schema: Json, examples: Examples) -> Any:
    return VARIABLES.get(name) or examples.of(schema)


def _entry(parameter: Json, examples: Examples) -> Json:
    name = parameter["name"]
    value = SENT_ALWAYS.get(name) or _value(name, parameter["schema"], examples)
    return {
        "key": name,
        "value": str(value).lower() if isinstance(value, bool) else str(value),
        "description": parameter.get("description", ""),
        "disabled": not parameter.get("required", False) and name not in SENT_ALWAYS,
    }


def _url(operation: Operation, examples: Examples) -> Json:
    path = operation.path
    for parameter in operation.parameters("path"):
        value = _value(parameter["name"], parameter["schema"], examples)
        path = path.replace(f"{{{parameter['name']}}}", str(value))
    query = [_entry(parameter, examples) for parameter in operation.parameters("query")]
    sent = "&".join(f"{entry['key']}={entry['value']}" for entry in query if not entry["disabled"])
    url: Json = {
        "raw": f"{{{{base_url}}}}{path}" + (f"?{sent}" if sent else ""),
        "host": ["{{base_url}}"],
        "path": path.removeprefix("/").split("/"),
    }
    return url | ({"query": query} if query else {})


def _example(content: Json, examples: Examples) -> Any:
    return _filled(content["example"] if "example" in content else examples.of(content.get("schema", {})))


def _filled(example: Any) -> Any:
    """The example with variables in place of what only a run knows."""
    if isinstance(example, list):
        return [_filled(item) for item in example]
    if isinstance(example, dict):
        return {name: VARIABLES.get(name) or _filled(value) for name, value in example.items()}
    return example


def _body(media_type: str, example: Any) -> Json:
    if media_type == "application/x-www-form-urlencoded":
        fields = [{"key": key, "value": str(value), "type": "text"} for key, value in example.items()]
        return {"mode": "urlencoded", "urlencoded": fields}
    text = example if isinstance(example, str) else orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()
    return {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
