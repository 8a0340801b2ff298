"""Live carts: whoever has a cart open hears when it looks different, whichever replica changed it.

What may change a cart only wakes its feed; what is shown is read anew each time, so a lost, repeated or late
announcement shows nothing wrong, and after an interruption one look is enough.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from cart_service.carts.priced_cart import PricedCart
from cart_service.changes import ChangeListener
from cart_service.live.feed import CartFeed, CartStream, EndReason
from cart_service.metrics import CART_STREAMS
from shared.budget import SharedBudget
from shared.clock import Clock
from shared.errors import TooManyRequests, Unavailable
from shared.security.identity import Identity

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 0.5  # an ended session has to be noticed within a second, its way here included
RENDERINGS_AT_ONCE = 32  # so that news for everybody leave room for requests

ReadCart = Callable[[str, Callable[[Collection[str], str | None], None]], Awaitable[PricedCart]]
"""Reads and prices the owner's cart. Tells the second argument of its products and its promo code before it
looks at them, so that no change of one falls between the look and the watch."""


class TooManyStreams(TooManyRequests):
    """The caller has as many live carts open as one user may have."""

    code, title = "too-many-streams", "Too many live carts"


class NoMoreStreams(Unavailable):
    """This replica has as many live carts open as it can serve."""

    code, title = "no-more-streams", "No more live carts"


@dataclass(frozen=True, slots=True)
class LiveLimits:
    """Streams at once on this replica, of one user and in all; seconds of silence before a sign of life, and
    seconds that a client has to take what is sent; bytes that may wait for clients in all."""

    per_user: int = 8
    in_all: int = 1000
    heartbeat_seconds: float = 15
    send_seconds: float = 30
    most_bytes: int = 32 * 2**20


class LiveCarts(ChangeListener):
    """The live carts of this replica. `is_ended` tells whether a session was ended."""

    def __init__(
        self, limits: LiveLimits, clock: Clock, is_ended: Callable[[str], bool], read: ReadCart
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._is_ended = is_ended
        self._read = read
        self._feeds: dict[str, CartFeed] = {}
        self._room = SharedBudget(limits.most_bytes)
        self._count = 0
        self._of_user: Counter[str] = Counter()
        self._showing: defaultdict[str, set[CartFeed]] = defaultdict(set)
        self._renderings = asyncio.Semaphore(RENDERINGS_AT_ONCE)
        self._is_draining = False

    async def close(self) -> None:
        await asyncio.gather(*(feed.close() for feed in self._feeds.values()))

    @contextmanager
    def open(
        self, owner: str, viewer: Identity, *, known: str | None = None, once: bool = False
    ) -> Iterator[CartStream]:
        """A stream of the owner's cart. It begins with the present cart, unless that one's ETag is `known`.
        Raises `TooManyStreams`, `NoMoreStreams`."""
        self._admit(viewer.user_id)
        feed = self._feeds.get(owner)
        if feed is None:
            feed = self._feeds[owner] = CartFeed(owner, self._render)
        patience = self._limits.send_seconds
        stream = CartStream(feed, viewer, self._room, known=known, once=once, send_seconds=patience)
        if self._is_draining:
            stream.end(EndReason.DRAINING)
        try:
            yield stream
        finally:
            self._leave(feed, stream)

    def cart_changed(self, owner: str, version: int) -> None:
        if feed := self._feeds.get(owner):
            feed.announce(version)

    def product_changed(self, product_id: str) -> None:
        for feed in self._showing.get(product_id, ()):
            feed.refresh()

    def promotion_changed(self, code: str) -> None:
        self.product_changed(_key_of(code))

    def everything_changed(self) -> None:
        for feed in self._feeds.values():
            feed.refresh()

    async def account_deleted(self, owner: str) -> None:
        if feed := self._feeds.get(owner):
            for stream in feed.streams:
                stream.end(EndReason.ACCOUNT_DELETED)

    def _admit(self, user_id: str) -> None:
        if self._of_user[user_id] >= self._limits.per_user:
            raise TooManyStreams(
                f"You have {self._limits.per_user} live carts open, the most one user can have."
                " Close one, then try again.",
                retry_after=10,
            )
        if self._count >= self._limits.in_all:
            raise NoMoreStreams(
                "No more live carts can be opened just now. Read the cart instead, and try again.",
                retry_after=5,
            )
        self._count += 1
        self._of_user[user_id] += 1
        CART_STREAMS.inc()

    def _leave(self, feed: CartFeed, stream: CartStream) -> None:
        CART_STREAMS.dec()
        self._count -= 1
        user_id = stream.viewer.user_id
        self._of_user[user_id] -= 1
        if not self._of_user[user_id]:
            del self._of_user[user_id]
        feed.streams.discard(stream)
        feed.taken()
        if not feed.streams:
            del self._feeds[feed.owner]
            self._watch(feed, frozenset())

    async def _render(self, feed: CartFeed) -> PricedCart:
        async with self._renderings:
            return await self._read(feed.owner, partial(self._depend, feed))

    def _depend(self, feed: CartFeed, products: Collection[str], promo_code: str | None) -> None:
        needed = {*products, _key_of(promo_code)} if promo_code else products
        self._watch(feed, frozenset(needed if feed.streams else ()))

    def _watch(self, feed: CartFeed, after: frozenset[str]) -> None:
        before, feed.depends_on = feed.depends_on, after
        for product_id in before - after:
            feeds = self._showing[product_id]
            feeds.discard(feed)
            if not feeds:
                del self._showing[product_id]
        for product_id in after - before:
            self._showing[product_id].add(feed)

    async def drain(self, draining: asyncio.Event) -> None:
        """Ends every stream, present and future, as soon as `draining` is set."""
        await draining.wait()
        self._is_draining = True
        for feed in self._feeds.values():
            for stream in feed.streams:
                stream.end(EndReason.DRAINING)

    async def look_after(self) -> None:
        """Ends streams that may not go on, and keeps the others alive, without end."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                for feed in self._feeds.values():
                    self._look_at(feed)
                self._make_room()
            except Exception:  # it must go on: nobody else ends the streams of ended sessions
                log.exception("live carts could not be looked after")

    def _make_room(self) -> None:
        """Where too much waits for clients, those that have the most to take come again later."""
        streams = [stream for feed in self._feeds.values() for stream in feed.streams]
        waiting = sum(stream.held_bytes for stream in streams)
        if waiting <= self._limits.most_bytes:
            return
        for stream in sorted(streams, key=lambda it: it.held_bytes, reverse=True):
            if waiting <= self._limits.most_bytes:
                break
            waiting -= stream.held_bytes
            stream.end(EndReason.TOO_SLOW)

    def _look_at(self, feed: CartFeed) -> None:
        now, moment = self._clock.now(), asyncio.get_running_loop().time()
        if feed.valid_until is not None and feed.valid_until <= now:
            feed.valid_until = None
            feed.refresh()
        for stream in feed.streams:
            if stream.viewer.expires_at <= now:
                stream.end(EndReason.TOKEN_EXPIRED)
            elif self._is_ended(stream.viewer.session_id):
                stream.end(EndReason.SESSION_ENDED)
            else:
                stream.stay_alive(moment, self._limits.heartbeat_seconds)


def _key_of(promo_code: str) -> str:
    """A promotion's name among those of products, which hold no colon."""
    return f"promotion:{promo_code}"
