"""Subscribers of other services' events."""

from __future__ import annotations

from dataclasses import dataclass

from auth_service.accounts.errors import AccountNotFound
from auth_service.security_log.model import Actor, SecurityEntry
from auth_service.service import AuthService
from shared.events.contracts import CartChangedOnBehalf
from shared.events.envelope import Event
from shared.events.ports import EventBus

SECURITY_LOG_CONSUMER = "auth-security-log"


@dataclass(frozen=True, slots=True)
class AuthSubscribers:
    """The handlers of events. Each may be called again with the same event."""

    service: AuthService

    async def cart_changed_on_behalf(self, event: Event) -> None:
        """Tells the owner which administrator changed the cart. A guest has no log."""
        change = CartChangedOnBehalf.from_event(event)
        try:
            await self.service.administration.get(change.entity_id)
        except AccountNotFound:
            return
        entry = SecurityEntry.of(event.id, event.type, event.time, Actor(change.by), repeats=True)
        await self.service.security_log.record(change.entity_id, entry)


async def subscribe(bus: EventBus, service: AuthService) -> None:
    """Starts the consumer."""
    subscribers = AuthSubscribers(service)
    await bus.subscribe(
        SECURITY_LOG_CONSUMER, {CartChangedOnBehalf.subjects(): subscribers.cart_changed_on_behalf}
    )
