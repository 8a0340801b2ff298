"""The event bus and its key-value buckets as the services see them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.errors import Unavailable
from shared.events.envelope import Event


class BusUnavailable(Unavailable):
    """NATS did not acknowledge. The message may or may not have arrived; publishing it again is harmless."""

    code = "bus-unavailable"
    public_detail = "The shop cannot publish events. Try again shortly."


class WrongRevision(Exception):
    """The key has another revision than the expected one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's value. `revision` counts the writes to the whole bucket, so revisions of different keys
    compare. `value` is None when the key was deleted."""

    key: str
    revision: int
    value: bytes | None


@dataclass(frozen=True, slots=True)
class BucketConfig:
    """A key expires `ttl_seconds` after its last write (0: never). A cluster keeps `replicas` copies."""

    name: str
    ttl_seconds: int = 0


class Watch(Protocol):
    """A running watch over a bucket; it survives reconnects."""

    @property
    def revision(self) -> int:
        """Every change up to this revision of the bucket has been handed over."""
        ...

    @property
    def connected(self) -> bool:
        """False while changes may be missed (NATS away)."""
        ...

    async def stop(self) -> None: ...


class Bucket(Protocol):
    """A key-value bucket. Every operation raises `BusUnavailable`."""

    async def get(self, key: str) -> Entry | None: ...

    async def put(self, key: str, value: bytes) -> int:
        """Writes the value without a condition; returns the revision."""
        ...

    async def create(self, key: str, value: bytes) -> int:
        """Writes a key that is not there (or deleted). Raises `WrongRevision`."""
        ...

    async def update(self, key: str, value: bytes, revision: int) -> int:
        """Writes over that revision. Raises `WrongRevision`."""
        ...

    async def delete(self, key: str) -> None: ...

    async def count(self) -> int:
        """The number of keys, deleted ones included as long as the bucket keeps their mark."""
        ...

    def scan(self) -> AsyncIterator[Entry]:
        """The present entries, oldest first, page by page. What is written meanwhile may be left out."""
        ...

    async def watch(
        self,
        on_entry: Callable[[Entry], None],
        *,
        replay: bool,
        on_gap: Callable[[], None] = lambda: None,
    ) -> Watch:
        """Hands over every change from now on, in order; with `replay` first the present entries (handed over
        before this returns). After an interruption it resumes without loss; where that is impossible it calls
        `on_gap` first, and replays the present entries again when `replay` is set."""
        ...


EventHandler = Callable[[Event], Awaitable[None]]


class EventBus(Protocol):
    """Facts, delivered at least once, and buckets. Publishing raises `BusUnavailable`."""

    @property
    def connected(self) -> bool: ...

    async def reconnected(self) -> None:
        """Returns once the connection was lost and is there again: what the bus keeps may be gone."""
        ...

    async def publish(self, event: Event) -> None:
        """Returns once the stream has it. The event's id deduplicates repeats."""
        ...

    async def subscribe(self, consumer: str, handlers: Mapping[str, EventHandler]) -> None:
        """Starts the durable pull consumer named `consumer`, shared by all replicas that name it.

        `handlers` maps a subject pattern (`shop.user.deleted.*`) to what handles it. A handler that raises is
        tried again with back-off, then the event goes to the dead letters with the reason.
        """
        ...

    async def listen(
        self, handlers: Mapping[str, EventHandler], on_listening: Callable[[], None] = lambda: None
    ) -> None:
        """Hears events as they are published, until it is cancelled. Every replica that listens hears each.

        There is no acknowledgement and no second try: an event is missed while NATS is away, and passed over
        if its handler raises. `on_listening` is called each time it begins to hear, because earlier events
        may have been missed. Events that this replica publishes are not heard.
        """
        ...

    async def bucket(self, config: BucketConfig) -> Bucket:
        """The bucket, created if it is not there."""
        ...


Deliver = Callable[[str, Sequence[Event]], Awaitable[None]]
"""Delivers one document's events, in order; raises `BusUnavailable`. Repeating it must be harmless."""
