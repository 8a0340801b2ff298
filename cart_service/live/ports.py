"""Ports of live carts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.security.identity import Identity


@dataclass(frozen=True, slots=True)
class StreamGrant:
    """The right of `viewer` to follow the owner's cart."""

    owner: str
    viewer: Identity


class StreamGrants(Protocol):
    """The grants of tickets for live carts. Every operation may raise `BusUnavailable`."""

    async def put(self, ticket: str, grant: StreamGrant, valid_until: datetime) -> None:
        """Stores the grant for every replica, for somewhat longer than it is valid."""
        ...

    async def take(self, ticket: str) -> tuple[StreamGrant, datetime] | None:
        """The grant and the end of its validity, for the first caller; None for any other."""
        ...
