"""Calls dependencies without FastAPI's solver, which takes 15 microseconds for each."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args


class Resolution:
    """The state of one request: the values of shared dependencies by their functions, pydantic's errors in
    the parameters, and the `Response` to which dependencies add headers and a status."""

    __slots__ = ("errors", "known", "request", "response")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.known: dict[int, Any] = {}
        self.errors: list[Any] = []
        self.response: Response | None = None

    def answer(self) -> Response:
        """The `Response` parameter of a dependency: without a status and headers, as in FastAPI."""
        if self.response is None:
            self.response = Response()
            self.response.raw_headers.clear()
            self.response.status_code = 0
        return self.response


@dataclass(frozen=True, slots=True)
class FastCall:
    """An endpoint or a dependency with its parameters. `needs` are its dependencies by parameter name; one
    without a name is only called. A `shared` dependency is needed twice in the route and called once. If one
    `takes_request_only`, nothing else is prepared for its call: a summary takes 2 microseconds less."""

    function: Callable[..., Awaitable[Any]]
    request_name: str | None
    response_name: str | None
    needs: tuple[tuple[str | None, FastCall], ...]
    path: Sequence[ModelField]
    query: Sequence[ModelField]
    shared: bool
    takes_request_only: bool

    async def arguments(self, resolution: Resolution) -> dict[str, Any]:
        """The arguments by name. Invalid ones are missing, and their errors are in `resolution.errors`."""
        values: dict[str, Any] = {}
        for name, need in self.needs:
            value = await need.resolve(resolution)
            if name is not None:
                values[name] = value
        request = resolution.request
        if self.path:
            values |= _valid(self.path, request.path_params, resolution)
        if self.query:
            values |= _valid(self.query, request.query_params, resolution)
        if self.request_name is not None:
            values[self.request_name] = request
        if self.response_name is not None:
            values[self.response_name] = resolution.answer()
        return values

    async def resolve(self, resolution: Resolution) -> Any:
        """The value of a dependency; None, without a call, if a parameter is invalid."""
        if self.takes_request_only:  # most do, and `arguments` costs a coroutine
            return await self.function(resolution.request)
        key = id(self.function)
        if self.shared and key in resolution.known:
            return resolution.known[key]
        errors = len(resolution.errors)
        arguments = await self.arguments(resolution)
        if len(resolution.errors) > errors:
            return None
        value = await self.function(**arguments)
        if self.shared:
            resolution.known[key] = value
        return value


def _valid(fields: Sequence[ModelField], received: Any, resolution: Resolution) -> dict[str, Any]:
    values, errors = request_params_to_args(fields, received)
    resolution.errors += errors
    return values


def fast_call(dependant: Dependant) -> FastCall | None:
    """The endpoint with all its dependencies; None if one of them needs FastAPI's solver."""
    return _compile(dependant, Counter(id(each.call) for each in _all(dependant)))


def _all(dependant: Dependant) -> Iterator[Dependant]:
    for each in dependant.dependencies:
        yield each
        yield from _all(each)


def _compile(dependant: Dependant, uses: Counter[int], *, is_endpoint: bool = True) -> FastCall | None:
    function = dependant.call
    if function is None or not _is_fast(dependant) or (dependant.body_params and not is_endpoint):
        return None
    needs = [(each.name, _compile(each, uses, is_endpoint=False)) for each in dependant.dependencies]
    fast = tuple((name, need) for name, need in needs if need is not None)
    if len(fast) < len(needs):
        return None
    shared = dependant.use_cache and uses[id(function)] > 1
    return FastCall(
        function,
        dependant.request_param_name,
        dependant.response_param_name,
        fast,
        dependant.path_params,
        dependant.query_params,
        shared,
        not any((shared, fast, dependant.path_params, dependant.query_params, dependant.response_param_name))
        and dependant.request_param_name is not None,
    )


def _is_fast(dependant: Dependant) -> bool:
    function: Any = dependant.call
    others = (
        dependant.header_params,
        dependant.cookie_params,
        dependant.background_tasks_param_name,
        dependant.security_scopes_param_name,
        dependant.http_connection_param_name,
        dependant.websocket_param_name,
    )
    return any(map(inspect.iscoroutinefunction, (function, function.__call__))) and not any(others)
