"""Ports of the use cases of codes. Every operation that reads or writes raises `StoreUnavailable`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from auth_service.accounts.model import User
from auth_service.clients import Client
from auth_service.codes.model import CodeRequest, MailedCodes
from auth_service.security_log.events import FailureReason
from auth_service.security_log.model import Actor
from shared.aggregates.ports import AnnouncingRepository, Repository
from shared.events.domain_event import DomainEvent

MailedCodesRepository = AnnouncingRepository[MailedCodes]
CodeRequestRepository = Repository[CodeRequest]


class CodeThrottle(Protocol):
    """Counts requests for codes."""

    async def mail(self, account: str, client: Client, *, is_known: bool = False) -> bool:
        """Counts a request for a code. Returns whether the account may get another mail. Raises
        `TooManyRequests` after too many requests of unknown devices at one network, or of the known devices
        of the account there."""
        ...

    async def change_mail(self, user_id: str, account: str) -> None:
        """Counts a code for a change of address, to the address of `account`. Raises `TooManyRequests` after
        too many of this user, or too many to this address."""
        ...


class DeviceTokenIssuer(Protocol):
    """Makes device tokens. A device with one keeps a budget of its own for attempts to sign in."""

    def issue(self, user: User, shown: str | None = None) -> str: ...


class KnownDeviceReader(Protocol):
    """Knows the devices of accounts."""

    async def find(self, email: str | None, client: Client) -> str | None:
        """The id of the client's device, if the account of this address knows it."""
        ...


class OwnersLog(Protocol):
    """The logs that show owners what happened to their accounts."""

    async def record_act(self, user_id: str, event_of: Callable[[int], DomainEvent], actor: Actor) -> None:
        """Adds an act that changes no account, and publishes its event."""
        ...

    async def record_failure(
        self, user_id: str | None, account: str, client: Client, why: FailureReason
    ) -> None:
        """Adds a failure. An unknown account takes the same work as a known one."""
        ...
