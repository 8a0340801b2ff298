"""Health checks. They run at most once a second, at the same time, each with a time limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.errors import ShopError
from shared.observability.logging import get_logger

log = get_logger(__name__)

Probe = Callable[[], Awaitable[str | None]]
"""Returns None if all is well, or a public text that says what is wrong. If it raises, that counts as wrong,
and only the log has the reason."""


class Status(StrEnum):
    """`ok`: all is well. `degraded` still serves; `unavailable` does not."""

    OK = "ok"
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The state of one dependency."""

    status: Annotated[Status, Field(description="How it is.", examples=["ok"])]
    detail: Annotated[
        str | None, Field(max_length=1000, description="What is wrong, in English; null if nothing is.")
    ] = None


@dataclass(frozen=True, slots=True)
class Report:
    """The state of the service and of its dependencies."""

    status: Annotated[Status, Field(description="The worst of the checks that count.", examples=["ok"])]
    checks: Annotated[
        Mapping[Annotated[str, Field(max_length=64)], CheckResult],
        Field(title="CheckResults", max_length=20, description="How each dependency is, by its name."),
    ] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One dependency. Without a required one the service is unavailable, without another one it is
    degraded."""

    name: str
    probe: Probe
    required: bool


class Health:
    """Runs the checks. Concurrent callers share one run, and its report is valid for `max_age` seconds."""

    def __init__(self, *, max_age: float = 1.0, time_limit: float = 1.0) -> None:
        self._checks: list[HealthCheck] = []
        self._max_age = max_age
        self._time_limit = time_limit
        self._report: Report | None = None
        self._made_at = 0.0
        self._running: asyncio.Task[Report] | None = None
        self._logged: dict[str, str] = {}

    def add(self, check: HealthCheck) -> None:
        self._checks.append(check)
        self._report = None

    async def report(self) -> Report:
        if self._report is not None and time.monotonic() - self._made_at < self._max_age:
            return self._report
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await asyncio.shield(self._running)

    async def _run(self) -> Report:
        results = await asyncio.gather(*(self._try(check) for check in self._checks))
        checks = {check.name: result for check, result in zip(self._checks, results, strict=True)}
        report = Report(_worst([result.status for result in results]), checks)
        self._report, self._made_at = report, time.monotonic()
        return report

    async def _try(self, check: HealthCheck) -> CheckResult:
        try:
            async with asyncio.timeout(self._time_limit):
                problem = await check.probe()
        except TimeoutError:
            problem = f"no answer within {self._time_limit:g} s"
        except Exception as error:  # any exception means that the dependency is not well
            self._log_once(check.name, error)
            problem = (error.public_detail or error.detail) if isinstance(error, ShopError) else "it failed"
        if problem is None:
            self._logged.pop(check.name, None)
            return CheckResult(Status.OK)
        return CheckResult(Status.UNAVAILABLE if check.required else Status.DEGRADED, problem)

    def _log_once(self, check: str, error: Exception) -> None:
        """A balancer asks every few seconds, so only a new reason is logged."""
        reason = str(error) or type(error).__name__
        if self._logged.get(check) != reason:
            self._logged[check] = reason
            log.warning("not well", check=check, reason=reason)


def _worst(statuses: Collection[Status]) -> Status:
    return next((s for s in (Status.UNAVAILABLE, Status.DEGRADED) if s in statuses), Status.OK)
