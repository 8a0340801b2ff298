"""Live carts: clients that follow a cart see every change of it, by any replica.

A possible change only wakes the feed. The feed reads the cart again each time, so a lost, repeated or late
announcement shows nothing wrong, and one read is enough after an interruption.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import structlog
from prometheus_client import Gauge

from cart_service.carts.priced_cart import PricedCart
from cart_service.changes import ChangeListener
from cart_service.live.feed import CartFeed, CartStream, EndReason
from shared.bounded import SharedBudget
from shared.clock import Clock
from shared.errors import TooManyRequests, Unavailable
from shared.observability.metrics import REGISTRY
from shared.security.identity import Identity

log = structlog.get_logger(__name__)

CART_STREAMS = Gauge("cart_streams", "Live carts that are open.", registry=REGISTRY)

SWEEP_SECONDS = 0.5  # streams of an ended session end within a second, with the time of its announcement
RENDERINGS_AT_ONCE = 32  # so that a change of many carts leaves time for requests

ReadCart = Callable[[str, Callable[[Collection[str], str | None], None]], Awaitable[PricedCart]]
"""Reads and prices the owner's cart. It calls the second argument with the products and the promo code before
it reads them, so that no change is missed between the read and the registration."""


class TooManyStreams(TooManyRequests):
    """The caller already has the largest number of live carts that one user may have."""

    code, title = "too-many-streams", "Too many live carts"


class NoMoreStreams(Unavailable):
    """This replica already has the largest number of live carts."""

    code, title = "no-more-streams", "No more live carts"


@dataclass(frozen=True, slots=True)
class LiveLimits:
    """The largest numbers of streams on this replica, for one user and in all; the seconds without an event
    before a heartbeat; the seconds for a client to take an event; the bytes that may wait for all clients."""

    per_user: int = 8
    in_all: int = 1000
    heartbeat_seconds: float = 15
    send_seconds: float = 30
    most_bytes: int = 32 * 2**20


class LiveCarts(ChangeListener):
    """The live carts of this replica. `is_ended` says whether a session was ended."""

    def __init__(
        self, limits: LiveLimits, clock: Clock, is_ended: Callable[[str], bool], read: ReadCart
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._is_ended = is_ended
        self._read = read
        self._feeds: dict[str, CartFeed] = {}
        self._budget = SharedBudget(limits.most_bytes)
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
        """A stream of the owner's cart. It begins with the present cart, unless `known` is its ETag. Raises
        `TooManyStreams`, `NoMoreStreams`."""
        self._admit(viewer.user_id)
        feed = self._feeds.get(owner)
        if feed is None:
            feed = self._feeds[owner] = CartFeed(owner, self._render)
        patience = self._limits.send_seconds
        stream = CartStream(feed, viewer, self._budget, known=known, once=once, send_seconds=patience)
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
                "No more live carts can be opened at the moment. Read the cart instead, and try again later.",
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
        feed.drop_shown()
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
        """Ends every present and future stream after `draining` is set."""
        await draining.wait()
        self._is_draining = True
        for feed in self._feeds.values():
            for stream in feed.streams:
                stream.end(EndReason.DRAINING)

    async def supervise(self) -> None:
        """Ends streams of ended sessions and expired tokens, and keeps the others alive. It never returns."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                for feed in self._feeds.values():
                    self._supervise(feed)
                self._make_room()
            except Exception:  # it has to continue: nothing else ends the streams of ended sessions
                log.exception("the supervision of live carts failed")

    def _make_room(self) -> None:
        """Ends the streams with the most waiting bytes while too many bytes wait in all."""
        streams = [stream for feed in self._feeds.values() for stream in feed.streams]
        waiting = sum(stream.held_bytes for stream in streams)
        if waiting <= self._limits.most_bytes:
            return
        for stream in sorted(streams, key=lambda it: it.held_bytes, reverse=True):
            if waiting <= self._limits.most_bytes:
                break
            waiting -= stream.held_bytes
            stream.end(EndReason.TOO_SLOW)

    def _supervise(self, feed: CartFeed) -> None:
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
    """The key of a promotion beside the ids of products, which have no colon."""
    return f"promotion:{promo_code}"
