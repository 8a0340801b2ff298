"""Opens everything that an application needs at its start, and closes it at its end."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from fastapi import FastAPI

from shared import __version__
from shared.backends import Backends, health_checks, open_backends, retry_until_available
from shared.clock import Clock
from shared.http.runtime import Runtime
from shared.jetstream.presence import LoadMeter, Presence
from shared.observability.logging import get_logger
from shared.settings import ServiceSettings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Settings = TypeVar("Settings", bound=ServiceSettings)
Settings_contra = TypeVar("Settings_contra", bound=ServiceSettings, contravariant=True)

log = get_logger(__name__)


class Bootstrap(Protocol[Settings_contra]):
    """Builds the adapters and yields a dataclass of use cases, which `use_cases(request, kind)` gives to
    routes."""

    def __call__(
        self, settings: Settings_contra, backends: Backends
    ) -> AbstractAsyncContextManager[DataclassInstance]: ...


@dataclass(frozen=True, slots=True)
class Lifecycle(Generic[Settings]):
    """One task opens and closes everything, in order."""

    name: str
    settings: Settings
    bootstrap: Bootstrap[Settings]
    clock: Clock
    runtime: Runtime
    without_redis: str | None

    @asynccontextmanager
    async def run(self, _app: FastAPI) -> AsyncIterator[None]:
        end = asyncio.Event()
        task = asyncio.create_task(self._live(end), name=f"{self.name}-life")
        try:
            yield
        finally:
            self.runtime.draining.set()
            end.set()
            if not self.runtime.ready:
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            log.info("stopped")

    async def _live(self, end: asyncio.Event) -> None:
        try:
            await self._open_and_serve(end)
        except Exception as error:
            if end.is_set():
                log.error("could not close in order", exc_info=error)
            else:
                log.error("could not start", exc_info=error)
                self.runtime.fail()

    async def _open_and_serve(self, end: asyncio.Event) -> None:
        runtime = self.runtime
        async with AsyncExitStack() as stack:
            backends = await stack.enter_async_context(
                open_backends(
                    self.settings,
                    self.clock,
                    name=self.name,
                    verifier=runtime.verifier,
                    waiting=runtime.wait_for,
                    draining=runtime.draining,
                    tasks=runtime.tasks,
                )
            )
            await stack.enter_async_context(announced(self.name, backends, runtime))
            use_cases = await retry_until_available(
                lambda: stack.enter_async_context(self.bootstrap(self.settings, backends)),
                "its collections and streams",
                runtime.wait_for,
            )
            for check in health_checks(backends, self.without_redis):
                runtime.health.add(check)
            runtime.start_with(use_cases)
            log.info("ready")
            await end.wait()


@asynccontextmanager
async def announced(name: str, backends: Backends, runtime: Runtime) -> AsyncIterator[None]:
    """Makes this replica known, with its load, to `trolley nodes` and `nats micro list`."""
    presence = Presence(
        backends.nats,
        LoadMeter(lambda: runtime.requests),
        name=name,
        version=__version__,
        host=f"{socket.gethostname()}/{os.getpid()}",
        clock=backends.clock,
    )
    presence.start()
    try:
        yield
    finally:
        await presence.close()
