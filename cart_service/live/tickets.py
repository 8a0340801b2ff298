"""Tickets for clients like `EventSource` that cannot send a header with the request for a live cart."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from cart_service.live.ports import StreamGrant, StreamGrants
from shared.clock import Clock
from shared.errors import NotAuthenticated, TooManyRequests
from shared.security.identity import invalid_token

TICKET_SECONDS = 60

_TICKET = re.compile(r"[A-Za-z0-9_-]{43}")
_WINDOW_SECONDS = 60


class TicketRefused(NotAuthenticated):
    """The ticket is unknown, used, or older than a minute."""

    code, title = "ticket-refused", "Ticket refused"
    detail = (
        "The ticket is unknown, used or older than a minute."
        " Get a new one for each connection: POST /api/v1/cart/events/ticket."
    )
    default_headers = invalid_token(detail).headers


class TooManyTickets(TooManyRequests):
    """The caller asked for too many tickets within a minute."""

    code, title = "too-many-tickets", "Too many tickets"


class StreamTickets:
    """Issues tickets, and redeems each one once, on any replica. A ticket ends with the session of its access
    token. Its stream ends when the token expires. One user gets `per_minute` tickets from each replica."""

    def __init__(
        self, grants: StreamGrants, clock: Clock, is_ended: Callable[[str], bool], *, per_minute: int
    ) -> None:
        self._grants = grants
        self._clock = clock
        self._is_ended = is_ended
        self._per_minute = per_minute
        self._issued: Counter[str] = Counter()
        self._window = 0

    async def issue(self, grant: StreamGrant) -> str:
        """A new ticket. Raises `TooManyTickets`, `BusUnavailable`."""
        self._count(grant.viewer.user_id)
        ticket = secrets.token_urlsafe(32)
        await self._grants.put(ticket, grant, self._clock.now() + timedelta(seconds=TICKET_SECONDS))
        return ticket

    async def redeem(self, ticket: str) -> StreamGrant:
        """The grant of the ticket, which cannot be used again. Raises `NotAuthenticated`. If it raises
        `BusUnavailable`, the ticket may have been used."""
        found = await self._grants.take(ticket) if _TICKET.fullmatch(ticket) else None
        if found is None:
            raise TicketRefused
        grant, valid_until = found
        viewer = grant.viewer
        if valid_until <= self._clock.now():
            raise TicketRefused
        if self._is_ended(viewer.session_id):
            raise invalid_token("The session of this ticket has ended. Sign in again.")
        if viewer.expires_at <= self._clock.now():
            raise invalid_token("The access token of this ticket has expired. Get a new one, then a ticket.")
        return grant

    def _count(self, user_id: str) -> None:
        now = int(self._clock.now().timestamp())
        if now // _WINDOW_SECONDS != self._window:
            self._window = now // _WINDOW_SECONDS
            self._issued.clear()
        if self._issued[user_id] >= self._per_minute:
            raise TooManyTickets(
                f"You have had {self._per_minute} tickets within a minute. Wait before you connect again.",
                retry_after=_WINDOW_SECONDS - now % _WINDOW_SECONDS,
            )
        self._issued[user_id] += 1
