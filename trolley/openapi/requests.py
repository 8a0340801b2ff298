"""One operation of an OpenAPI document as a Postman request."""

from __future__ import annotations

from typing import Any

import orjson

from shared.security.identity import Scope
from trolley.openapi.examples import Examples
from trolley.openapi.operations import ApiOperation

Json = dict[str, Any]
Known = dict[str, str]

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
    "sku": "{{sku}}",
    "code": "{{promo_code}}",
    "If-Match": "{{etag}}",
}
"""Fields and parameters that a run fills with values from earlier answers."""

OF_MAILS = {"use_code", "confirm_email"}
"""Operations whose code comes by mail. A run cannot read it, so they refuse the example."""
OF_ANOTHER_ACCOUNT = {"list_user_sessions", "end_user_session", "end_user_sessions", "delete_user"}
"""Operations of an administrator on the account that a run has made for them."""

OWN_ETAG = "{{own_etag}}"
OF_THE_CATALOGUE = {"product_id": "{{own_product_id}}", "If-Match": OWN_ETAG}
"""The same for operations that change the catalogue: a run only changes the product that it has added."""

SENT_ALWAYS = {"once": True}
"""Optional parameters that a run sends, because the answer does not end without them."""


def request_of(operation: ApiOperation, examples: Examples, body: Json | str | None = None) -> Json:
    """The request with an example of each parameter and of the body (or `body` instead of it).

    Optional parameters are switched off. An operation that needs a scope uses an admin's token.
    """
    known = _known(operation)
    request: Json = {
        "method": operation.method.upper(),
        "description": operation.described.get("description", operation.summary),
        "header": [_entry(it, examples, known) for it in operation.parameters("header")],
        "url": _url(operation, examples, known),
    }
    if not operation.described.get("security"):
        request["auth"] = {"type": "noauth"}
    if operation.scopes:
        request["auth"] = bearer("{{admin_token}}")
    if "requestBody" in operation.described:
        media_type, content = next(iter(operation.described["requestBody"]["content"].items()))
        request["header"].insert(0, {"key": "Content-Type", "value": media_type})
        request["body"] = _body(media_type, body or _example(content, examples, known))
    return request


def _known(operation: ApiOperation) -> Known:
    known = VARIABLES | (OF_THE_CATALOGUE if Scope.CATALOG_WRITE in operation.scopes else {})
    if operation.id in OF_MAILS:
        return {name: value for name, value in known.items() if name != "code"}
    if operation.id in OF_ANOTHER_ACCOUNT:
        return known | {"user_id": "{{other_user_id}}", "session_id": "{{other_session_id}}"}
    return known


def bearer(token: str) -> Json:
    """Postman's description of a bearer token."""
    return {"type": "bearer", "bearer": [{"key": "token", "value": token, "type": "string"}]}


def _entry(parameter: Json, examples: Examples, known: Known) -> Json:
    name = parameter["name"]
    value = SENT_ALWAYS.get(name) or known.get(name) or examples.of(parameter["schema"])
    is_sent = parameter.get("required", False) or name in SENT_ALWAYS or known.get(name) == OWN_ETAG
    return {
        "key": name,
        "value": str(value).lower() if isinstance(value, bool) else str(value),
        "description": parameter.get("description", ""),
        "disabled": not is_sent,
    }


def _url(operation: ApiOperation, examples: Examples, known: Known) -> Json:
    path = operation.path
    for parameter in operation.parameters("path"):
        value = known.get(parameter["name"]) or examples.of(parameter["schema"])
        path = path.replace(f"{{{parameter['name']}}}", str(value))
    query = [_entry(parameter, examples, known) for parameter in operation.parameters("query")]
    sent = "&".join(f"{entry['key']}={entry['value']}" for entry in query if not entry["disabled"])
    url: Json = {
        "raw": f"{{{{base_url}}}}{path}" + (f"?{sent}" if sent else ""),
        "host": ["{{base_url}}"],
        "path": path.removeprefix("/").split("/"),
    }
    return url | ({"query": query} if query else {})


def _example(content: Json, examples: Examples, known: Known) -> Any:
    example = content["example"] if "example" in content else examples.of(content.get("schema", {}))
    return _filled(example, known)


def _filled(example: Any, known: Known) -> Any:
    """The example with variables for the values that only a run knows."""
    if isinstance(example, list):
        return [_filled(item, known) for item in example]
    if isinstance(example, dict):
        return {name: known.get(name) or _filled(value, known) for name, value in example.items()}
    return example


def _body(media_type: str, example: Any) -> Json:
    if media_type == "application/x-www-form-urlencoded":
        fields = [{"key": key, "value": str(value), "type": "text"} for key, value in example.items()]
        return {"mode": "urlencoded", "urlencoded": fields}
    text = example if isinstance(example, str) else orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()
    return {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
