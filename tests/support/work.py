"""Counts the work of an application in this process: its operations on the store, its hashes, its commands to
Redis and its messages to NATS. A count does not depend on how fast the machine is."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from shared.observability.metrics import REGISTRY
from tests.support.proxy import Proxy

_COUNTED = {
    "store_batch_items_sum": ("collection", "operation"),
    "auth_password_duration_seconds_count": ("operation",),
    "events_published_total": ("type",),
}
_NATS_MESSAGE = re.compile(rb"^H?PUB (\S+) .*\r\n", re.MULTILINE)
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{64}|nobody-[0-9a-f]{2}")
_GREETINGS = (b"HELLO", b"CLIENT", b"AUTH", b"SELECT")
"""Commands of a new connection."""
_NOT_WORK = ("_INBOX.", "$JS.ACK.", "$JS.API.CONSUMER.", "$JS.FC.")
"""Subjects by which a replica listens."""


class Wire(Proxy):
    """A proxy that keeps what clients sent."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.sent = b""

    def sending(self, chunk: bytes) -> None:
        self.sent += chunk


def redis_commands(sent: bytes) -> Counter[str]:
    """The commands in a stream of RESP arrays, by name."""
    found: Counter[str] = Counter()
    rest = sent
    while rest:
        head, _, rest = rest.partition(b"\r\n")
        for index in range(int(head[1:])):
            length, _, rest = rest.partition(b"\r\n")
            size = int(length[1:])
            if index == 0 and rest[:size].upper() not in _GREETINGS:
                found[rest[:size].decode().upper()] += 1
            rest = rest[size + 2 :]
    return found


def nats_messages(sent: bytes) -> Counter[str]:
    """The published messages, by subject without ids."""
    subjects = (match[1].decode() for match in _NATS_MESSAGE.finditer(sent))
    return Counter(_ID.sub("*", it) for it in subjects if not it.startswith(_NOT_WORK))


class Work:
    """The work since it was last taken."""

    def __init__(self, redis: Wire, nats: Wire) -> None:
        self._redis = redis
        self._nats = nats
        self._before = self._measured()

    def take(self) -> Counter[str]:
        """What was done since the last call, by name."""
        now = self._measured()
        done = now - self._before
        self._before = now
        commands, self._redis.sent = redis_commands(self._redis.sent), b""
        messages, self._nats.sent = nats_messages(self._nats.sent), b""
        return done + Counter({f"redis {name}": n for name, n in commands.items()}) + messages

    async def settle(self, idle_polls: int = 10) -> Counter[str]:
        """The same, once the application has nothing left to do: so many looks found nothing new."""
        total, idle = self.take(), 0
        while idle < idle_polls:
            await asyncio.sleep(0.01)
            more = self.take()
            idle = 0 if more else idle + 1
            total += more
        return total

    def _measured(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for family in REGISTRY.restricted_registry(_COUNTED).collect():
            for sample in family.samples:
                if sample.name in _COUNTED:
                    labels = " ".join(sample.labels[name] for name in _COUNTED[sample.name])
                    found[f"{sample.name.partition('_')[0]} {labels}"] += int(sample.value)
        return found


@asynccontextmanager
async def counted_work(redis_url: str, nats_url: str) -> AsyncIterator[tuple[str, str, Callable[[], Work]]]:
    """Addresses of Redis and NATS for the application, and a function that begins to count."""
    async with Wire.to(redis_url) as redis, Wire.to(nats_url) as nats:
        yield (
            redis.url.replace("http", "redis") + "/0",
            nats.url.replace("http", "nats"),
            lambda: Work(redis, nats),
        )
