"""A service's state while it runs: what it waits for, its use cases, and whether it drains."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar, cast

from starlette.requests import Request

from shared.errors import Unavailable
from shared.health import Health
from shared.http.pagination import CursorCodec
from shared.security.verifier import TokenVerifier
from shared.tasks import BackgroundTasks

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

S = TypeVar("S")


class Runtime:
    """The state of one application: `request.app.state.runtime`. Until it is `ready`, routes answer 503 and
    say what the service waits for."""

    def __init__(self, verifier: TokenVerifier, cursors: CursorCodec) -> None:
        self.verifier = verifier
        self.cursors = cursors
        self.health = Health()
        self.draining = asyncio.Event()
        """Set when the process shuts down. Streams should finish then."""
        self.tasks = BackgroundTasks()
        """The background tasks of this replica."""
        self.requests = 0
        """Requests since the start."""
        self.waiting_for: str | None = "its first start"
        self.groups: Mapping[type, object] = {}
        self.failed = False
        """The service can never be ready, so the process should end."""

    @property
    def ready(self) -> bool:
        return self.waiting_for is None

    def start_with(self, use_cases: DataclassInstance) -> None:
        """Makes the service ready. `use_cases` is a dataclass; it and each of its fields are found by their
        class."""
        groups = [getattr(use_cases, field.name) for field in fields(use_cases)]
        self.groups = {type(group): group for group in (*groups, use_cases)}
        self.waiting_for = None

    def wait_for(self, what: str) -> None:
        self.waiting_for = what

    def fail(self) -> None:
        self.failed = True
        self.wait_for("its end, as it could not start")

    def not_ready(self) -> Unavailable:
        """The error that clients get until the service is ready."""
        return Unavailable(f"The service is starting: it waits for {self.waiting_for}.", retry_after=2)


def runtime_of(request: Request) -> Runtime:
    return cast(Runtime, request.scope["app"].state.runtime)


def use_cases(request: Request, kind: type[S]) -> S:
    """The object of this class among those that the service's `bootstrap` yielded. Before there are any,
    `ServiceMiddleware` refuses the request."""
    found = request.scope["app"].state.runtime.groups.get(kind)
    if found is None:
        raise TypeError(f"bootstrap yielded no {kind.__name__}")
    return cast(S, found)


def provided(kind: type[S]) -> Callable[[Request], Coroutine[Any, Any, S]]:
    """The dependency that gives `use_cases` of this class."""

    async def provide(request: Request) -> S:
        return use_cases(request, kind)

    return provide
