"""The event bus and its key-value buckets as the services see them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.errors import Unavailable
from shared.events.envelope import Event


class BusUnavailable(Unavailable):
    """NATS did not acknowledge. The message may or may not have arrived. Publishing it again is harmless."""

    code = "bus-unavailable"
    public_detail = "The shop cannot publish events. Try again shortly."


class WrongRevision(Exception):
    """The key has another revision than the expected one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The value of a key. `revision` counts the writes to the whole bucket, so revisions of different keys
    can be compared. `value` is None if the key was deleted."""

    key: str
    revision: int
    value: bytes | None


@dataclass(frozen=True, slots=True)
class BucketConfig:
    """A key expires `ttl_seconds` after its last write (0: never). A cluster keeps `replicas` copies."""

    name: str
    ttl_seconds: int = 0


class Watch(Protocol):
    """A running watch over a bucket. It continues after a reconnect."""

    @property
    def revision(self) -> int:
        """Every change up to this revision of the bucket was passed to the reader."""
        ...

    @property
    def connected(self) -> bool:
        """False while changes may be missing, because NATS is away."""
        ...

    async def stop(self) -> None: ...


class Bucket(Protocol):
    """A key-value bucket. Every operation raises `BusUnavailable`."""

    async def get(self, key: str) -> Entry | None: ...

    async def put(self, key: str, value: bytes) -> int:
        """Writes the value without a condition; returns the revision."""
        ...

    async def create(self, key: str, value: bytes) -> int:
        """Writes a key that does not exist or was deleted. Raises `WrongRevision`."""
        ...

    async def update(self, key: str, value: bytes, revision: int) -> int:
        """Replaces that revision. Raises `WrongRevision`."""
        ...

    async def delete(self, key: str) -> None: ...

    async def count(self) -> int:
        """The number of keys, with deleted ones while the bucket keeps their marker."""
        ...

    def scan(self) -> AsyncIterator[Entry]:
        """The present entries, oldest first, page by page. Entries written meanwhile may be missing."""
        ...

    async def watch(
        self,
        on_entry: Callable[[Entry], None],
        *,
        replay: bool,
        on_gap: Callable[[], None] = lambda: None,
    ) -> Watch:
        """Passes every change from now on to `on_entry`, in order. With `replay` it passes the present
        entries first, before it returns. After an interruption it continues without loss. If that is
        impossible, it calls `on_gap` first, and with `replay` passes the present entries again."""
        ...


EventHandler = Callable[[Event], Awaitable[None]]
Answer = Callable[[bytes], Awaitable[bytes]]
"""Answers a question of another service."""


class EventBus(Protocol):
    """Facts, delivered at least once, and buckets. Publishing raises `BusUnavailable`."""

    @property
    def connected(self) -> bool: ...

    async def reconnected(self) -> None:
        """Returns when the connection was lost and is there again. The bus may have lost its data."""
        ...

    async def publish(self, event: Event) -> None:
        """Returns when the stream has the event. The event's id deduplicates repeats."""
        ...

    async def subscribe(self, consumer: str, handlers: Mapping[str, EventHandler]) -> None:
        """Starts the durable pull consumer `consumer`. All replicas with this name share it.

        `handlers` maps a pattern of subjects (`shop.user.deleted.*`) to a handler. If the handler raises, it
        is called again with back-off; then the event becomes a dead letter with the reason.
        """
        ...

    async def listen(
        self, handlers: Mapping[str, EventHandler], on_listening: Callable[[], None] = lambda: None
    ) -> None:
        """Gets events as they are published, until it is cancelled. Every replica that listens gets each of
        them.

        There is no acknowledgement and no second attempt: events are lost while NATS is away, or if the
        handler raises. `on_listening` is called each time it begins to listen, because earlier events may be
        lost. It does not get the events that this replica publishes.
        """
        ...

    async def ask(self, subject: str, question: bytes) -> bytes:
        """The answer of a service that answers on this subject. Raises `BusUnavailable` if none does, or if
        it fails."""
        ...

    async def answer(self, subject: str, handler: Answer) -> None:
        """Answers questions until it is cancelled. The replicas of a service share them."""
        ...

    async def bucket(self, config: BucketConfig) -> Bucket:
        """The bucket. It is created if it is missing."""
        ...


Deliver = Callable[[str, Sequence[Event]], Awaitable[None]]
"""Delivers the events of one document, in order. Raises `BusUnavailable`. A repeat must be harmless."""
