"""What live carts need from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.security.identity import Identity


@dataclass(frozen=True, slots=True)
class StreamGrant:
    """What somebody may follow: the owner's cart, as `viewer`."""

    owner: str
    viewer: Identity


class StreamGrants(Protocol):
    """What tickets for live carts stand for. Every operation may raise `BusUnavailable`."""

    async def put(self, ticket: str, grant: StreamGrant, valid_until: datetime) -> None:
        """Keeps it for every replica, somewhat longer than it is valid."""
        ...

    async def take(self, ticket: str) -> tuple[StreamGrant, datetime] | None:
        """What the ticket stands for and until when, to one caller of all; None to any other."""
        ...
