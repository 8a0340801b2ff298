"""The background task that keeps the signing keys of a replica, the store and NATS in step."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from auth_service.keys.service import KeyService
from shared.errors import Unavailable
from shared.events.ports import BusUnavailable, Entry, EventBus, Watch
from shared.observability.logging import get_logger
from shared.security.keyring import AUTH_KEYS

_RETRY_SECONDS = 5.0

_log = get_logger(__name__)


class KeyUpkeep:
    """Takes over new keys, publishes those that NATS lost, removes those that auth did not make, and rotates.

    It looks every `seconds`, and at once when the bucket changes. `rotation` is the age at which a key gets a
    successor (0: never).
    """

    def __init__(self, keys: KeyService, bus: EventBus, seconds: float, rotation: timedelta) -> None:
        self._keys = keys
        self._bus = bus
        self._seconds = seconds
        self._rotation = rotation
        self._changed = asyncio.Event()
        self._unexpected: set[str] = set()
        self._watch: Watch | None = None

    async def run(self) -> None:
        """Runs without end."""
        pause = self._seconds if await self._is_watching() else min(self._seconds, _RETRY_SECONDS)
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._changed.wait()
                pause = self._seconds if await self._is_done() else min(self._seconds, _RETRY_SECONDS)
        finally:
            if self._watch is not None:
                await self._watch.stop()

    async def _is_watching(self) -> bool:
        with suppress(BusUnavailable):
            await self._start_watch()
        return self._watch is not None

    async def _is_done(self) -> bool:
        try:
            await self._look()
        except Unavailable as error:
            _log.info("signing keys wait", reason=error.detail)
        except Exception as error:
            _log.error("signing keys could not be reloaded", exc_info=error)
        else:
            return True
        return False

    async def _look(self) -> None:
        kids = set(self._unexpected) if self._changed.is_set() else None
        self._changed.clear()
        await self._start_watch()
        await self._reload()
        if self._rotation:
            await self._keys.rotate_if_older(self._rotation)
        await self._keys.remove_foreign(kids)
        self._unexpected -= kids or set()

    async def _reload(self) -> None:
        """Reads the changes of other replicas and the operator. Publishes the keys, which NATS may have lost,
        even while the store is away."""
        try:
            await self._keys.load()
        finally:
            await self._keys.publish()

    async def _start_watch(self) -> None:
        if self._watch is None:
            bucket = await self._bus.bucket(AUTH_KEYS)
            self._watch = await bucket.watch(self._on_entry, replay=False, on_gap=self._changed.set)

    def _on_entry(self, entry: Entry) -> None:
        if not self._keys.is_expected(entry):
            self._unexpected.add(entry.key)
            self._changed.set()
