"""The OpenAPI document of a service: FastAPI's document, completed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from shared.errors import (
    InvalidInput,
    MalformedRequest,
    NotAuthenticated,
    PayloadTooLarge,
    PermissionDenied,
    ShopError,
    TooManyRequests,
    Unavailable,
    UnsupportedMediaType,
)
from shared.http.components import describe_answers, name_objects, prune_components, share_examples
from shared.http.headers import RequestHeader
from shared.http.identity import SCHEME_NAME, CurrentUser
from shared.http.media_type import JSON, json_types
from shared.http.problem import BadGateway, HeadTooLarge, UriTooLong
from shared.http.problem_schemas import problem_schemas
from shared.http.responses import problem_responses
from shared.security.identity import Scope

TOKEN_URL = "/api/v1/auth/token"  # noqa: S105 (a path)

_PASSWORD_FLOW = "PasswordFlow"  # noqa: S105 (a name)
_SCOPES = {
    Scope.CATALOG_WRITE: "Change the catalogue (editors and administrators).",
    Scope.USERS_ADMIN: "Administrate users (administrators).",
    Scope.CART_ANY: "Read and change any cart (administrators).",
    Scope.ORDERS_WRITE: "Take orders (administrators and the system that places orders).",
}
_OF_EVERY_OPERATION: tuple[type[ShopError], ...] = (
    UriTooLong,
    InvalidInput,  # for an unknown parameter
    TooManyRequests,
    HeadTooLarge,
    BadGateway,
    Unavailable,
)
"""Errors that the gateway or the service can answer to every operation."""


def build_document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1, with every error that an operation can answer."""
    routes = [route for route in app.routes if isinstance(route, APIRoute) and route.include_in_schema]
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=routes,
        tags=app.openapi_tags,
        servers=app.servers,
        separate_input_output_schemas=False,
    )
    components = document.setdefault("components", {})
    components["schemas"] = components.get("schemas", {}) | problem_schemas()
    for route in routes:
        for method in route.methods or ():
            _complete(document["paths"][route.path_format][method.lower()], method, route)
    if SCHEME_NAME in components.get("securitySchemes", {}):
        components["securitySchemes"][_PASSWORD_FLOW] = _password_flow()
    name_objects(document)
    describe_answers(document)
    share_examples(document)
    prune_components(document)
    return document


def _complete(operation: dict[str, Any], method: str, route: APIRoute) -> None:
    content = operation.get("requestBody", {}).get("content", {})
    if JSON in content:
        content |= dict.fromkeys(json_types(method), content[JSON])
    dependencies = list(_calls(route.dependant))
    headers = [call for call in dependencies if isinstance(call, RequestHeader)]
    if headers:
        operation.setdefault("parameters", []).extend(header.parameter() for header in headers)
    callers = [call for call in dependencies if isinstance(call, CurrentUser)]
    scopes = [call.scope for call in callers if call.scope is not None]
    operation["security"] = [{SCHEME_NAME: []}, {_PASSWORD_FLOW: scopes}] if callers else []
    errors = [*_OF_EVERY_OPERATION, *(error for header in headers for error in header.errors)]
    if route.body_field is not None:
        errors += (MalformedRequest, PayloadTooLarge, UnsupportedMediaType)
    if callers:
        errors.append(NotAuthenticated)
    if scopes:
        errors.append(PermissionDenied)
    for status, response in route.responses.items():
        _restore_examples(operation["responses"][str(status)], response)
    for response in operation["responses"].values():
        _place_schema(response)
    _add_errors(operation["responses"], errors)
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _add_errors(responses: dict[str, Any], errors: list[type[ShopError]]) -> None:
    for status, described in problem_responses(*errors).items():
        known = responses.get(str(status))
        # FastAPI describes a 422 of its own, which is never sent.
        if known is None or "HTTPValidationError" in str(known):
            responses[str(status)] = described
        else:
            _extend(known, described)


def _extend(known: dict[str, Any], described: dict[str, Any]) -> None:
    """Adds the problems that the route does not declare itself."""
    for media_type, content in described["content"].items():
        present = known.setdefault("content", {}).setdefault(media_type, {"schema": content["schema"]})
        examples = present.setdefault("examples", {})
        added = {code: example for code, example in content["examples"].items() if code not in examples}
        examples |= added
        titles = [known["description"], *(example["summary"] for example in added.values())]
        known["description"] = " / ".join(dict.fromkeys(titles))


def _restore_examples(described: dict[str, Any], response: dict[str, Any]) -> None:
    """Restores the nulls of an example, which FastAPI drops."""
    for media_type, content in response.get("content", {}).items():
        if "examples" in content:
            described["content"][media_type]["examples"] = dict(content["examples"])


def _place_schema(response: dict[str, Any]) -> None:
    """Moves the schema of a model to the media type that the route declares; FastAPI describes it as JSON."""
    content = response.get("content", {})
    without = [described for described in content.values() if "schema" not in described]
    if without and "application/json" in content:
        schema = content.pop("application/json")["schema"]
        for described in without:
            described["schema"] = schema


def _calls(dependant: Dependant) -> Iterator[Any]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from _calls(dependency)


def _password_flow() -> dict[str, Any]:
    scopes = {str(scope): text for scope, text in _SCOPES.items()}
    return {
        "type": "oauth2",
        "description": "Sign in here with e-mail and password.",
        "flows": {"password": {"tokenUrl": TOKEN_URL, "scopes": scopes}},
    }
