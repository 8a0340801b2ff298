"""One cart, rendered again after each change for the clients that follow it on this replica."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum

import structlog

from cart_service.carts.ports import Rendered
from cart_service.carts.priced_cart import PricedCart
from cart_service.carts.rendering import render_cart
from shared.backoff import backoff
from shared.bounded import SharedBudget
from shared.errors import Unavailable
from shared.security.identity import Identity

log = structlog.get_logger(__name__)

LONGEST_RETRY_SECONDS = 5.0
END_EVENT_SECONDS = 1.0


class EndReason(StrEnum):
    """Why a stream ends. A client that has `LEFT` or is `STALLED` gets no event about it."""

    ONCE = "once"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 (a reason)
    SESSION_ENDED = "session_ended"
    ACCOUNT_DELETED = "account_deleted"
    DRAINING = "draining"
    TOO_SLOW = "too_slow"
    LEFT = "left"
    STALLED = "stalled"


class CartFeed:
    """Renders the cart after each possible change, once for all its streams. It repeats a failed rendering.

    A rendering satisfies all requests made before it began, and every version up to its own.
    """

    def __init__(self, owner: str, read: Callable[[CartFeed], Awaitable[PricedCart]]) -> None:
        self.owner = owner
        self.streams: set[CartStream] = set()
        self.depends_on: frozenset[str] = frozenset()
        self.valid_until: datetime | None = None
        self.rendered: Rendered | None = None
        self.made = 0
        self._read = read
        self._asked = 0
        self._version = -1
        self._announced = -1
        self._task: asyncio.Task[None] | None = None

    def refresh(self) -> int:
        """Requests a rendering. It began after this call once `made` has reached the returned number."""
        self._asked += 1
        self._start()
        return self._asked

    def announce(self, version: int) -> None:
        """Requests a rendering of this version or a later one."""
        self._announced = max(self._announced, version)
        self._start()

    def drop_shown(self) -> None:
        """Frees the rendering after every stream has shown it."""
        shown = self.rendered
        if shown and all(stream.shown == shown.etag for stream in self.streams):
            self.rendered = None

    def _start(self) -> None:
        if self._task is None and self._is_behind():
            self._task = asyncio.create_task(self._keep_up(), name="live-cart")

    def _is_behind(self) -> bool:
        return self.made < self._asked or self._version < self._announced

    async def _keep_up(self) -> None:
        delays = backoff(most=LONGEST_RETRY_SECONDS)
        while self.streams and self._is_behind():
            asked, announced = self._asked, self._announced
            try:
                priced = await self._read(self)
            except Exception as error:  # the clients wait for it, however long it takes
                if self.streams:
                    _log_failure(error)
                    await asyncio.sleep(next(delays))
            else:
                self._version = max(announced, priced.cart.version)
                self.valid_until = priced.valid_until
                self._show(render_cart(priced), asked)
                delays = backoff(most=LONGEST_RETRY_SECONDS)
        self._task = None

    def _show(self, rendered: Rendered, asked: int) -> None:
        self.rendered, self.made = rendered, asked
        for stream in self.streams:
            stream.wake()

    async def close(self) -> None:
        """Cancels a rendering under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


def _log_failure(error: Exception) -> None:
    if isinstance(error, Unavailable):
        log.debug("a live cart waits", reason=error.detail)
    else:
        log.error("a live cart could not be rendered", exc_info=error)


class CartStream:
    """One client of a feed. It queues nothing: a slow client gets the newest cart next. If a client takes
    nothing for `send_seconds`, its stream ends."""

    def __init__(
        self,
        feed: CartFeed,
        viewer: Identity,
        budget: SharedBudget,
        *,
        known: str | None,
        once: bool,
        send_seconds: float,
    ) -> None:
        self.viewer = viewer
        self.shown = known
        self._feed = feed
        self._budget = budget
        self._once = once
        self._send_seconds = send_seconds
        self._sending: asyncio.Timeout | None = None
        self._sent_bytes = 0
        self._end: EndReason | None = None
        self._wake = asyncio.Event()
        self._is_quiet = False
        self._sent_at = asyncio.get_running_loop().time()
        feed.streams.add(self)
        self._fresh_from = feed.refresh()

    async def next(self) -> Rendered | EndReason | None:
        """Waits for the next event: a changed cart, the reason of the end, or None for a heartbeat."""
        while True:
            self._wake.clear()
            if self._end is not None:
                return self._end
            rendered = self._newer()
            if rendered is not None or self._is_quiet:
                self._is_quiet = False
                self._sent_at = asyncio.get_running_loop().time()
                return rendered
            if self._once and self._is_current():
                return EndReason.ONCE
            await self._wake.wait()

    async def send(self, write: Callable[[], Awaitable[None]], sent_bytes: int = 0) -> None:
        """Waits for memory, then until the client has taken the bytes. After the end of the stream it waits a
        second at most. Raises `TimeoutError`."""
        seconds = self._send_seconds if self._end is None else END_EVENT_SECONDS
        self._sent_bytes = sent_bytes
        try:
            async with asyncio.timeout(seconds) as self._sending:
                await self._budget.wait_for(sent_bytes)
                try:
                    await write()
                finally:
                    self._budget.give_back(sent_bytes)
        finally:
            self._sending = None
            self._sent_bytes = 0

    @property
    def has_ended(self) -> bool:
        return self._end is not None

    @property
    def held_bytes(self) -> int:
        """The bytes that wait for the client: those being sent, and those of the next rendering."""
        rendered = self._feed.rendered
        waits = rendered is not None and rendered.etag != self.shown
        return self._sent_bytes + (len(rendered.body) if rendered is not None and waits else 0)

    def wake(self) -> None:
        self._wake.set()

    def end(self, reason: EndReason) -> None:
        """Ends the stream. The first reason counts."""
        self._end = self._end or reason
        self._wake.set()
        if self._sending is not None and not self._sending.expired():
            last = asyncio.get_running_loop().time() + END_EVENT_SECONDS
            self._sending.reschedule(min(last, self._sending.when() or last))

    def stay_alive(self, moment: float, heartbeat_seconds: float) -> None:
        """Sends a heartbeat if nothing was sent for that time."""
        if moment - self._sent_at >= heartbeat_seconds:
            self._is_quiet = True
            self._wake.set()

    def _newer(self) -> Rendered | None:
        rendered = self._feed.rendered
        if rendered is None or not self._is_current():
            return None
        is_new = rendered.etag != self.shown
        self.shown = rendered.etag
        self._feed.drop_shown()
        return rendered if is_new else None

    def _is_current(self) -> bool:
        return self._feed.made >= self._fresh_from
