"""Two replicas of auth_service, and the devices and accounts that a model of their sessions knows."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from jose import jwt

from auth_service.main import create_app
from shared.clock import SystemClock
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import fresh_email
from tests.support.apps import running
from tests.support.clock import MovableClock
from tests.support.mails import MailsInFolder

MOST_SESSIONS = 3
DAY = 86_400
IDLE, LONGEST, GRACE = timedelta(days=30), timedelta(days=60), timedelta(seconds=30)
"""Lives of a session: without a refresh, and at the longest. For the last one after an exchange, the spent
token still gives the newest one."""


class TwoReplicas:
    """Two replicas of auth_service, whose clock the test moves."""

    def __init__(self, make: MakeSettings, mails: MailsInFolder) -> None:
        self._make = make
        self.mails = mails
        self._stack = AsyncExitStack()
        self.loop = asyncio.new_event_loop()
        self.clock = MovableClock(SystemClock().now().replace(microsecond=0))
        self.secrets = [f"secret number {0:>16}"]
        self.clients: list[httpx.AsyncClient] = []

    def run(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)

    def start(self) -> None:
        self.run(self._start())

    def stop(self) -> None:
        self.run(self._stack.aclose())

    def rotate_secret(self) -> None:
        """Restarts both replicas with another secret; they know the previous one."""
        self.stop()
        self.secrets.append(f"secret number {len(self.secrets):>16}")
        self.start()

    async def _start(self) -> None:
        previous = self.secrets[-2] if len(self.secrets) > 1 else ""
        settings = self._make(
            auth_secret=self.secrets[-1],
            auth_secret_previous=previous,
            auth_session_seconds=IDLE.total_seconds(),
            auth_session_longest_seconds=LONGEST.total_seconds(),
            auth_refresh_grace_seconds=GRACE.total_seconds(),
            auth_sessions_per_user=MOST_SESSIONS,
            auth_failures_per_account=10**6,
            auth_failures_per_device=10**6,
            auth_sign_ups_per_minute=0,
            auth_mails_per_account=10**6,
            auth_mails_per_network=10**6,
            log_requests=False,
        )
        self.clients = [
            await self._stack.enter_async_context(running(create_app(settings, clock=self.clock)))
            for _ in range(2)
        ]

    def close(self) -> None:
        self.stop()
        self.loop.close()


@dataclass
class Device:
    """A sign-in. `tokens` are its refresh tokens, the newest last, each with the number of the secret that it
    was made with."""

    access: str
    tokens: list[tuple[str, int]]
    signed_in_at: datetime
    exchanged_at: datetime
    access_expires_at: datetime
    expires_at: datetime
    signed_in: bool = True

    @property
    def id(self) -> str:
        return str(jwt.get_unverified_claims(self.access)["sid"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access}"}


@dataclass
class Account:
    """What the model knows of the person."""

    email: str = field(default_factory=fresh_email)
    password: str | None = "password number 0"
    changes: int = 0
    verified: bool = False
    mails: set[str] = field(default_factory=set)
    devices: list[Device] = field(default_factory=list)
