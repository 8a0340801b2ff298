"""A missing field has the default of the document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from shared.ids import new_id
from shared.security.identity import Role
from tests.api.candidates import Document
from tests.api.services import SERVICES, base_request, service, service_operations
from tests.support.tokens import TokenIssuer

Json = dict[str, Any]


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_left_out_has_the_documented_default(name: str) -> None:
    app = SERVICES[name]({})
    document = Document(app.openapi())
    compared = 0
    for route in app.routes:
        if not isinstance(route, APIRoute) or not route.include_in_schema:
            continue
        operation = document.paths[route.path_format][min(route.methods).lower()]
        content = operation.get("requestBody", {}).get("content", {})
        for described in content.values() if route.body_field is not None else ():
            compared += compare_defaults(document, route.body_field, described["schema"])
    assert compared or name == "auth"


def compare_defaults(document: Document, body: Any, schema: Json) -> int:
    """Reads each body with a default left out and with the default given; counts them."""
    compared = 0
    for kind in document.alternatives(schema):
        base = document.example(kind)
        for field_name, described in kind.get("properties", {}).items():
            if "default" not in described:
                continue
            without = {key: value for key, value in base.items() if key != field_name}
            given = {**without, field_name: described["default"]}
            (left_out, refused), (value, errors) = (body.validate(it, {}, loc=()) for it in (without, given))
            assert not refused, (field_name, refused)
            assert not errors, (field_name, errors)
            assert left_out == value, field_name
            compared += 1
    return compared


@pytest.mark.parametrize("name", SERVICES)
async def test_a_query_parameter_that_is_left_out_has_the_documented_default(
    name: str, tmp_path: Path, nats_url: str, redis_url: str, tokens: TokenIssuer
) -> None:
    async with service(name, tmp_path, nats_url, redis_url) as (app, client):
        document = Document(app.openapi())
        headers = {"Authorization": tokens.issue(new_id(), Role.ADMIN)}
        for operation in service_operations(app):
            for parameter in operation.parameters("query"):
                default = parameter["schema"].get("default")
                if default is None or operation.method != "get" or parameter["name"] == "once":
                    continue
                request = {**base_request(document, operation), "headers": headers}
                given = {**request, "params": {parameter["name"]: default}}
                left_out, answer = await client.request(**request), await client.request(**given)
                assert (left_out.status_code, left_out.json()) == (answer.status_code, answer.json())
                assert answer.status_code == 200, answer.text
