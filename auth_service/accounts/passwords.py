"""Password hashes: argon2id with OWASP's parameters, in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from passlib.hash import argon2
from prometheus_client import Histogram

from auth_service.accounts.ports import PasswordsOverloaded
from shared.observability.metrics import REGISTRY

R = TypeVar("R")

_PARALLELISM = 1
PASSWORD_SECONDS = Histogram(
    "auth_password_duration_seconds",
    "Time to hash or verify a password, with the wait for a thread.",
    ["operation"],
    registry=REGISTRY,
)


class ArgonPasswords:
    """Hashes at most `workers` passwords at a time, each in `memory_kib`, while at most `queue` more wait.
    argon2 releases the interpreter's lock, so other requests continue meanwhile."""

    def __init__(self, workers: int, queue: int, *, memory_kib: int, iterations: int) -> None:
        self._scheme = argon2.using(
            type="ID", memory_cost=memory_kib, time_cost=iterations, parallelism=_PARALLELISM
        )
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="password")
        self._free = workers + queue
        self._dummy_hash = self._scheme.hash("nobody's password")

    async def hash(self, password: str) -> str:
        return await self._run("hash", lambda: str(self._scheme.hash(password)))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        known = password_hash or self._dummy_hash
        matches = await self._run("verify", lambda: bool(self._scheme.verify(password, known)))
        return matches and bool(password_hash)

    def outdated(self, password_hash: str) -> bool:
        return bool(self._scheme.needs_update(password_hash))

    def close(self) -> None:
        """Finishes running work, and cancels waiting work."""
        self._threads.shutdown(cancel_futures=True)

    async def _run(self, operation: str, work: Callable[[], R]) -> R:
        if not self._free:
            raise PasswordsOverloaded("Too many sign-ins at the moment. Try again shortly.", retry_after=2)
        self._free -= 1
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        running.add_done_callback(self._release)
        with PASSWORD_SECONDS.labels(operation).time():
            # Shielded, because a client that disconnects does not free the thread that still works for it.
            return await asyncio.shield(running)

    def _release(self, _: asyncio.Future[R]) -> None:
        self._free += 1
