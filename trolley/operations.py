"""Commands with the authority of the shop's operator work on the stores, not through the gateway."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from auth_service.bootstrap import open_operator_tools
from auth_service.operator import OperatorService
from auth_service.settings import AuthSettings
from shared.security.identity import Scope
from trolley.environment import require_servers, require_store, settings_from
from trolley.errors import CommandFailed
from trolley.sessions import SavedSession

T = TypeVar("T")

_PATIENCE_SECONDS = 20


async def operate(environment: Mapping[str, str], work: Callable[[OperatorService], Awaitable[T]]) -> T:
    """Does the work with the operator's use cases. It waits for the store and NATS for a limited time. Raises
    `CommandFailed`, and what the use case raises."""
    require_store(environment)
    require_servers(environment, "NATS_URL")
    settings = settings_from(AuthSettings, environment)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), open_operator_tools(settings) as operator:
            return await work(operator)
    except TimeoutError as error:
        raise CommandFailed(
            "The store or NATS does not answer. Is the shop running? In containers, run this in one of them: "
            "docker compose run --rm operator --help"
        ) from error


async def operator_session(environment: Mapping[str, str]) -> SavedSession:
    """An access token with every scope. Raises `CommandFailed`."""
    life = settings_from(AuthSettings, environment).auth_access_token_seconds
    token = await operate(environment, lambda operator: operator.issue_operator_token(Scope))
    return SavedSession(token, None, time.time() + life)


class Operator:
    """The operator's access token, renewed when its life is nearly over."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._session: SavedSession | None = None

    async def token(self) -> str:
        """Raises `CommandFailed`."""
        if self._session is None or not self._session.fresh:
            self._session = await operator_session(self._environment)
        return self._session.access_token
