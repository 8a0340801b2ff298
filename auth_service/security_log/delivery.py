"""Delivery of auth's events to the owner's log, before they are published."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from auth_service.security_log.events import entry_of, is_witnessed, public
from auth_service.security_log.service import SecurityLogService
from shared.events.contracts import UserDeleted
from shared.events.envelope import Event
from shared.events.ports import EventBus

Forget = Callable[[str], Awaitable[None]]


class RecordingPublisher:
    """Writes an event to the log of the account that it is about, takes out where it came from, and publishes
    it. An event leaves its outbox only after both, and a repeat changes nothing."""

    def __init__(self, bus: EventBus, log: SecurityLogService, forget: Forget) -> None:
        """`forget` removes what else is kept about a deleted account."""
        self._bus = bus
        self._log = log
        self._forget = forget

    async def publish(self, event: Event) -> None:
        if event.type == UserDeleted.type and is_witnessed(event):
            await self._log.erase(event.entity_id)
            await self._forget(event.entity_id)
        elif found := entry_of(event):
            await self._log.record(*found)
        await self._bus.publish(public(event))
