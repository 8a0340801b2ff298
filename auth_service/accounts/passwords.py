"""Password hashes: argon2id with OWASP's parameters, in threads that share their time between networks."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from passlib.hash import argon2
from prometheus_client import Histogram

from auth_service.accounts.fair_lines import FairLines
from auth_service.accounts.ports import PasswordsOverloaded
from shared.observability.metrics import REGISTRY

R = TypeVar("R")

_PARALLELISM = 1
_NICENESS = 19
"""Of the threads, the lowest. On a busy machine the event loop goes first: a hash takes long anyway."""
PASSWORD_SECONDS = Histogram(
    "auth_password_duration_seconds",
    "Time to hash or verify a password, with the wait for a thread.",
    ["operation"],
    registry=REGISTRY,
)


class ArgonPasswords:
    """Hashes at most `workers` passwords at a time, each in `memory_kib`, while at most `queue` more wait.
    argon2 releases the interpreter's lock, so other requests continue meanwhile.

    Those who wait are served network by network in turn. If too many wait, the network with the most of them
    is refused.
    """

    def __init__(self, workers: int, queue: int, *, memory_kib: int, iterations: int) -> None:
        self._scheme = argon2.using(
            type="ID", memory_cost=memory_kib, time_cost=iterations, parallelism=_PARALLELISM
        )
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="password", initializer=_be_nice)
        self._free = workers
        self._waiting: FairLines[asyncio.Future[None]] = FairLines(queue)
        self._dummy_hash = self._scheme.hash("nobody's password")

    async def hash(self, password: str, *, network: str = "") -> str:
        return await self._run("hash", network, lambda: str(self._scheme.hash(password)))

    async def verify(self, password: str, password_hash: str | None, *, network: str = "") -> bool:
        known = password_hash or self._dummy_hash
        matches = await self._run("verify", network, lambda: bool(self._scheme.verify(password, known)))
        return matches and bool(password_hash)

    def outdated(self, password_hash: str) -> bool:
        stored, today = argon2.from_string(password_hash), self._scheme
        if stored.type != "id":
            return True
        pairs = [
            (stored.memory_cost, today.memory_cost),
            (stored.rounds, today.default_rounds),
            (stored.parallelism, today.parallelism),
        ]
        return all(old <= new for old, new in pairs) and any(old < new for old, new in pairs)

    def close(self) -> None:
        """Finishes running work, and cancels waiting work."""
        self._threads.shutdown(cancel_futures=True)

    async def _run(self, operation: str, network: str, work: Callable[[], R]) -> R:
        started = time.perf_counter()
        await self._turn(network)
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        running.add_done_callback(self._release)
        try:
            # Shielded, because a client that disconnects does not free the thread that still works for it.
            return await asyncio.shield(running)
        finally:
            PASSWORD_SECONDS.labels(operation).observe(time.perf_counter() - started)

    async def _turn(self, network: str) -> None:
        """Waits for a free thread, which is the caller's then."""
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        refused = self._waiting.put(network, turn)
        if refused is not None and not refused.done():
            refused.set_exception(
                PasswordsOverloaded("Too many sign-ins at the moment. Try again shortly.", retry_after=2)
            )
        try:
            await turn
        except asyncio.CancelledError:
            self._waiting.remove(network, turn)
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._pass_on()
            raise

    def _release(self, running: asyncio.Future[R]) -> None:
        if not running.cancelled():
            running.exception()  # its caller may have gone, and asyncio logs what nobody asks for
        self._pass_on()

    def _pass_on(self) -> None:
        """Gives a thread to the next who waits."""
        turn = self._waiting.take()
        while turn is not None and turn.done():
            turn = self._waiting.take()
        if turn is None:
            self._free += 1
        else:
            turn.set_result(None)


def _be_nice() -> None:
    """Lowers the priority of this thread, where the system has one for each thread."""
    with suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
