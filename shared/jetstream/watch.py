"""Watches a bucket: every change in order, also after reconnects and restarts of NATS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.backoff import backoff
from shared.events.ports import BusUnavailable, Entry
from shared.jetstream.accounts import owner_of
from shared.jetstream.connection import NatsSessions
from shared.jetstream.entries import read_entry
from shared.jetstream.feed import Feed, StoredMessage
from shared.jetstream.foreign_feed import ForeignFeed
from shared.jetstream.requests import ApiError
from shared.jetstream.session import NatsSession
from shared.observability.logging import get_logger
from shared.tasks import cancel_all

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _BucketState:
    """The state of a bucket: the creation time of its stream, and its last revision."""

    created: str
    revision: int


class BucketWatch:
    """A `Watch`. After an interruption it continues after the last revision that it passed on. A bucket keeps
    the last value of each key, so only overwritten values are left out. There is a gap if the bucket was
    created again, or has lost its newest revisions."""

    def __init__(
        self,
        connection: NatsSessions,
        bucket: str,
        on_entry: Callable[[Entry], None],
        replay: bool,
        on_gap: Callable[[], None],
        *,
        direct: bool,
    ) -> None:
        self._connection = connection
        self._stream = f"KV_{bucket}"
        self._prefix = f"$KV.{bucket}."
        self._on_entry = on_entry
        self._replay = replay
        self._direct = direct
        self._on_gap = on_gap
        self._known: _BucketState | None = None
        self._revision = 0
        self._caught_up = asyncio.Event()
        self._goal = 0  # the bucket's revision when the feed was opened
        self._feed: Feed | ForeignFeed | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def revision(self) -> int:
        return self._revision

    @property
    def connected(self) -> bool:
        return self._caught_up.is_set()

    async def start(self) -> None:
        """Returns when the present entries were passed on, with `replay`. Raises `BusUnavailable`."""
        try:
            await self._attach(self._connection.session)
        except ApiError as error:
            raise BusUnavailable(f"NATS refused to watch {self._stream}: {error}") from error
        self._task = self._connection.tasks.start(f"watch-{self._stream}", self._follow())

    async def stop(self) -> None:
        if self._task is not None:
            await cancel_all([self._task])
        await self._detach()

    async def _follow(self) -> None:
        delays = backoff()
        while True:
            if self._feed is not None:
                await self._feed.wait_broken()
                await self._detach()
            session = await self._connection.next_session()
            try:
                await self._attach(session)
                delays = backoff()
            except (BusUnavailable, ApiError) as error:
                log.warning("watch interrupted", stream=self._stream, reason=str(error))
                await asyncio.sleep(next(delays))
            except Exception:  # it must continue: its reader would get no more changes
                log.exception("watch failed", stream=self._stream)
                await asyncio.sleep(next(delays))

    async def _detach(self) -> None:
        self._caught_up.clear()
        feed, self._feed = self._feed, None
        if feed is not None:
            await feed.close()

    async def _attach(self, session: NatsSession) -> None:
        state = await self._look(session)
        start = self._start_at(state)
        self._goal = state.revision
        feed = self._feed = self._new_feed(session)
        try:
            if await feed.open(start) == 0:
                self._caught_up.set()
            await self._wait_caught_up(feed)
        except BaseException:
            await self._detach()
            raise
        self._revision = max(self._revision, state.revision)

    def _new_feed(self, session: NatsSession) -> Feed | ForeignFeed:
        account = session.requests.account
        if owner_of(self._stream, account) == account:
            return Feed(session, self._stream, self._on_message)
        subjects = f"{self._prefix}>"
        return ForeignFeed(session, self._stream, subjects, self._on_message, direct=self._direct)

    async def _look(self, session: NatsSession) -> _BucketState:
        info = await session.requests.call(f"STREAM.INFO.{self._stream}")
        return _BucketState(info["created"], info["state"]["last_seq"])

    def _start_at(self, state: _BucketState) -> dict[str, Any]:
        known, self._known = self._known, state
        if known is not None and known.created == state.created and self._revision <= state.revision:
            return _after(self._revision)
        if known is not None:
            log.warning("bucket was created again", stream=self._stream)
            self._on_gap()
        self._revision = 0 if self._replay else state.revision
        if self._replay:
            return {"deliver_policy": "last_per_subject", "filter_subject": f"{self._prefix}>"}
        return _after(state.revision)

    async def _wait_caught_up(self, feed: Feed | ForeignFeed) -> None:
        broken = asyncio.create_task(feed.wait_broken())
        caught_up = asyncio.create_task(self._caught_up.wait())
        try:
            await asyncio.wait({broken, caught_up}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            broken.cancel()
            caught_up.cancel()
        if not self._caught_up.is_set():
            raise BusUnavailable("NATS went away during a replay")

    def _on_message(self, message: StoredMessage) -> None:
        revision = message.sequence
        entry = read_entry(message.subject[len(self._prefix) :], revision, message.data, message.headers)
        try:
            self._on_entry(entry)
        except Exception:  # the watch must continue after an unreadable entry
            log.exception("watcher failed", stream=self._stream, key=entry.key)
        self._revision = revision
        if revision >= self._goal or message.is_last:
            self._caught_up.set()


def _after(revision: int) -> dict[str, Any]:
    return {"deliver_policy": "by_start_sequence", "opt_start_seq": revision + 1}
