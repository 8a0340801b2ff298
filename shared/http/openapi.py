"""The OpenAPI document of a service: FastAPI's, made complete."""

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
    Unavailable,
    UnsupportedMediaType,
)
from shared.http.headers import RequestHeader
from shared.http.media_type import JSON, json_types
from shared.http.models import Problem
from shared.http.responses import problem_responses
from shared.security.dependencies import SCHEME_NAME, CurrentUser
from shared.security.identity import Scope

TOKEN_URL = "/api/v1/auth/token"  # noqa: S105 (a path)

_PASSWORD_FLOW = "PasswordFlow"  # noqa: S105 (a name)
_SCOPES = {
    Scope.CATALOG_WRITE: "Change the catalogue.",
    Scope.USERS_ADMIN: "Administrate users.",
    Scope.CART_ANY: "Read and change any cart.",
}


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
    components.setdefault("schemas", {})["Problem"] = Problem.model_json_schema(
        ref_template="#/components/schemas/{model}"
    )
    for route in routes:
        for method in route.methods or ():
            _complete(document["paths"][route.path_format][method.lower()], method, route)
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    _lift_definitions(components["schemas"])
    if SCHEME_NAME in components.get("securitySchemes", {}):
        components["securitySchemes"][_PASSWORD_FLOW] = _password_flow()
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
    if callers:
        scopes = [call.scope for call in callers if call.scope is not None]
        operation["security"] = [{SCHEME_NAME: []}, {_PASSWORD_FLOW: scopes}]
    errors = [*_errors_of(route), *(error for header in headers for error in header.errors)]
    if callers:
        errors.append(NotAuthenticated)
    if any(call.scope for call in callers):
        errors.append(PermissionDenied)
    _add_responses(operation["responses"], errors)


def _errors_of(route: APIRoute) -> Iterator[type[ShopError]]:
    yield InvalidInput  # for a parameter that it does not know
    if "/health/" in route.path:
        return
    yield Unavailable
    if route.body_field is not None:
        yield from (MalformedRequest, PayloadTooLarge, UnsupportedMediaType)


def _add_responses(responses: dict[str, Any], errors: list[type[ShopError]]) -> None:
    for status, described in problem_responses(*errors).items():
        known = responses.get(str(status))
        # FastAPI describes a 422 of its own, which is never sent.
        if known is None or "HTTPValidationError" in str(known):
            responses[str(status)] = described


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


def _lift_definitions(schemas: dict[str, Any]) -> None:
    for schema in list(schemas.values()):
        schemas.update(schema.pop("$defs", {}))
