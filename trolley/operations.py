"""What needs the authority of the shop's operator: done on the stores themselves, not through the gateway."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from auth_service.bootstrap import open_operations
from auth_service.keys.model import SigningKey
from auth_service.operations import OperatorService
from auth_service.settings import AuthSettings
from shared.security.identity import Role, Scope
from trolley.environment import require_servers, require_store, settings_from
from trolley.errors import CommandFailed
from trolley.sessions import SavedSession

_PATIENCE_SECONDS = 20


@asynccontextmanager
async def _operations(environment: Mapping[str, str]) -> AsyncIterator[OperatorService]:
    """Bounds the wait for the store and NATS, which are tried again and again. Raises `CommandFailed`."""
    require_store(environment)
    require_servers(environment, "NATS_URL")
    settings = settings_from(AuthSettings, environment)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), open_operations(settings) as operations:
            yield operations
    except TimeoutError as error:
        raise CommandFailed(
            "The store or NATS does not answer. Is the shop running? In containers, run this in one of them: "
            "docker compose exec auth python -m trolley --help"
        ) from error


async def operator_session(environment: Mapping[str, str]) -> SavedSession:
    """An access token with every scope, for one life of an access token. Raises `CommandFailed`."""
    life = settings_from(AuthSettings, environment).auth_access_token_seconds
    async with _operations(environment) as operations:
        token = await operations.issue_operator_token(Scope)
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


async def create_user(
    environment: Mapping[str, str], email: str, name: str, password: str, role: Role
) -> None:
    """An account. Raises `CommandFailed`, and what registering raises."""
    async with _operations(environment) as operations:
        await operations.create_user(name, email, password, role)


async def set_password(environment: Mapping[str, str], email: str, password: str) -> None:
    """Gives an account a new password and ends its sessions. Raises `CommandFailed`, and what
    `OperatorService.set_password` raises."""
    async with _operations(environment) as operations:
        await operations.set_password(email, password)


async def rotate_keys(environment: Mapping[str, str]) -> SigningKey:
    """The new signing key. Raises `CommandFailed`, and what rotating raises."""
    async with _operations(environment) as operations:
        return await operations.rotate_keys()
