"""Dependencies that need nothing but the request, called without FastAPI's solver.

The solver takes 15 microseconds for each dependency, however small; a cart's write has five. What only takes
the request, or other such dependencies, is called directly instead, before the body is read.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant

Known = dict[int, Any]
Needs = tuple[tuple[str | None, "Direct"], ...]

_REQUEST = "shop_request"
_VALUES = "shop.dependencies"


@dataclass(frozen=True, slots=True)
class Direct:
    """A dependency ready to be called. `shared`: it is named twice in the route, and called once."""

    call: Callable[..., Awaitable[Any]]
    request_name: str | None
    needs: Needs
    shared: bool

    async def resolve(self, request: Request, known: Known) -> Any:
        if self.shared and id(self.call) in known:
            return known[id(self.call)]
        values = await resolve_all(self.needs, request, known) if self.needs else {}
        if self.request_name is not None:
            values[self.request_name] = request
        value = await self.call(**values)
        if self.shared:
            known[id(self.call)] = value
        return value


async def resolve_all(needs: Needs, request: Request, known: Known) -> dict[str, Any]:
    """The values by the names of the parameters; one without a name is only called."""
    values: dict[str, Any] = {}
    for name, direct in needs:
        value = await direct.resolve(request, known)
        if name is not None:
            values[name] = value
    return values


def split(dependant: Dependant) -> tuple[Dependant, Needs]:
    """What FastAPI still has to solve for an endpoint, and what is resolved directly."""
    if not inspect.iscoroutinefunction(dependant.call):
        return dependant, ()
    needs, rest = compile_all(dependant)
    if not needs:
        return dependant, ()
    endpoint = _with_values(dependant.call, dependant.request_param_name)
    return replace(dependant, dependencies=rest, call=endpoint, request_param_name=_REQUEST), needs


def compile_all(dependant: Dependant) -> tuple[Needs, list[Dependant]]:
    """The dependencies that can be called directly, by the names of the parameters, and the others."""
    uses = Counter(id(each.call) for each in _all(dependant))
    compiled = [(each, _compile(each, uses)) for each in dependant.dependencies]
    needs = tuple((each.name, direct) for each, direct in compiled if direct is not None)
    return needs, [each for each, direct in compiled if direct is None]


def keep_values(request: Request, values: dict[str, Any]) -> None:
    """Puts the resolved values where the endpoint finds them."""
    request.scope[_VALUES] = values


def _with_values(endpoint: Callable[..., Awaitable[Any]], request_name: str | None) -> Callable[..., Any]:
    @wraps(endpoint)
    async def call(**values: Any) -> Any:
        request: Request = values.pop(_REQUEST)
        if request_name is not None:
            values[request_name] = request
        return await endpoint(**values, **request.scope[_VALUES])

    return call


def _all(dependant: Dependant) -> Iterator[Dependant]:
    for each in dependant.dependencies:
        yield each
        yield from _all(each)


def _compile(dependant: Dependant, uses: Counter[int]) -> Direct | None:
    call = dependant.call
    if call is None or not _takes_only_the_request(dependant):
        return None
    needs = [(each.name, _compile(each, uses)) for each in dependant.dependencies]
    direct = tuple((name, need) for name, need in needs if need is not None)
    if len(direct) < len(needs):
        return None
    shared = dependant.use_cache and uses[id(call)] > 1
    return Direct(call, dependant.request_param_name, direct, shared)


def _takes_only_the_request(dependant: Dependant) -> bool:
    call = dependant.call
    is_coroutine = inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(type(call).__call__)
    others = (
        dependant.path_params,
        dependant.query_params,
        dependant.header_params,
        dependant.cookie_params,
        dependant.body_params,
        dependant.response_param_name,
        dependant.background_tasks_param_name,
        dependant.security_scopes_param_name,
        dependant.http_connection_param_name,
        dependant.websocket_param_name,
    )
    return is_coroutine and not any(others)
