"""Answers routes without FastAPI's solver, which takes 50 microseconds even without dependencies: as much as
reading a cached summary."""

from __future__ import annotations

from copy import deepcopy
from http import HTTPStatus
from typing import Any, get_type_hints

from fastapi import Request, Response
from fastapi.datastructures import DefaultPlaceholder
from fastapi.exceptions import RequestValidationError
from fastapi.params import Form
from fastapi.routing import APIRoute, serialize_response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.fast.dependencies import Resolution, fast_call
from shared.http.json_body import read_json
from shared.http.media_type import json_types

_MISSING = {"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}


def fast_app(route: APIRoute) -> ASGIApp | None:
    """The application that answers the route; None if the route needs FastAPI's solver."""
    endpoint = fast_call(route.dependant)
    if endpoint is None or not _takes_at_most_a_body(route) or not _is_rendered_plainly(route):
        return None
    body_field = route.body_field

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        resolution = Resolution(Request(scope, receive, send))
        values = await endpoint.arguments(resolution)
        body = None
        if body_field is not None:
            body, values[body_field.name] = await _read_body(resolution, body_field)
        if resolution.errors:
            raise RequestValidationError(resolution.errors, body=body)
        answer = await endpoint.function(**values)
        if not isinstance(answer, Response):
            answer = await _rendered(answer, route, resolution.response)
        await answer(scope, receive, send)

    return app


async def _read_body(resolution: Resolution, field: Any) -> tuple[Any, Any]:
    """The body as parsed JSON, and as the endpoint's argument."""
    request = resolution.request
    body = await read_json(request, json_types(request.method))
    if body is None and not await request.body():
        if field.field_info.is_required():
            resolution.errors.append(_MISSING)
        return None, deepcopy(field.default)
    value, errors = field.validate(body, {}, loc=("body",))
    resolution.errors += errors or ()
    return body, value


async def _rendered(value: Any, route: APIRoute, given: Response | None) -> Response:
    """The value as FastAPI answers it: by the route's model, or without content. `given` has the headers and
    the status that dependencies set."""
    status = (given and given.status_code) or route.status_code or 200
    if route.response_field is None:
        response = Response(status_code=status)
    else:
        content = await serialize_response(
            field=route.response_field,
            response_content=value,
            by_alias=route.response_model_by_alias,
            dump_json=True,
        )
        response = Response(content, status, media_type="application/json")
    if given is not None:
        response.raw_headers += given.raw_headers
    return response


def _takes_at_most_a_body(route: APIRoute) -> bool:
    if route.body_field is None:
        return True
    # FastAPI makes another field if the body is a form, or wrapped in its name.
    parameter = route.dependant.body_params[0]
    return parameter is route.body_field and not isinstance(parameter.field_info, Form)


def _is_rendered_plainly(route: APIRoute) -> bool:
    """Whether the endpoint returns a `Response`, the route's whole model, or nothing."""
    given = get_type_hints(route.endpoint).get("return")
    if isinstance(given, type) and issubclass(given, Response):
        return True
    if route.response_field is None:
        return route.status_code == HTTPStatus.NO_CONTENT and route.response_class is Response
    picks = (
        route.response_model_include,
        route.response_model_exclude,
        route.response_model_exclude_unset,
        route.response_model_exclude_defaults,
        route.response_model_exclude_none,
    )
    return isinstance(route.response_class, DefaultPlaceholder) and not any(picks)
