"""A load generator for HTTP/1.1 on asyncio, in a separate process.

Each connection has one request in flight and repeats its share of the plan. One Python process sends and
reads about 10,000 requests a second, so it cannot measure a faster server.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import cast

import orjson

END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class BenchmarkPlan:
    """For `seconds`, the `connections` send `requests` (whole HTTP requests) again and again.

    Each connection comes from its own loopback address, as customers do. With `refreshing` a request is the
    exchange of a refresh token: each connection takes one, and repeats it with the token of the last answer.
    """

    port: int
    requests: Sequence[bytes]
    connections: int
    seconds: float
    refreshing: bool = False

    def __post_init__(self) -> None:
        if not (1 <= self.connections <= 256 and 0 < self.seconds <= 60):
            raise ValueError("a plan is bounded: 1 to 256 connections, up to 60 seconds")


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """The outcome of a plan. `latencies` are in milliseconds, the shortest first. `statuses` counts answers
    by status."""

    seconds: float
    statuses: dict[int, int]
    latencies: Sequence[float]

    @property
    def answers(self) -> int:
        return sum(self.statuses.values())

    @property
    def per_second(self) -> float:
        """Answers of status 2xx or 3xx a second, because a refusal is not throughput."""
        return sum(n for status, n in self.statuses.items() if status < 400) / self.seconds

    def quantile(self, share: float) -> float:
        """The latency that this share of the answers did not exceed; 0 without an answer."""
        ordered = self.latencies
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0

    def and_then(self, other: BenchmarkResult) -> BenchmarkResult:
        """Both results as one."""
        statuses = Counter(self.statuses)
        statuses.update(other.statuses)
        latencies = sorted([*self.latencies, *other.latencies])
        return BenchmarkResult(self.seconds + other.seconds, dict(statuses), latencies)


def body_length(head: bytes) -> int | None:
    """The bytes after the head of an answer; None if it is chunked."""
    if head.startswith((b"HTTP/1.1 204", b"HTTP/1.1 304")):
        return 0
    at = head.lower().find(b"content-length:")
    return None if at < 0 else int(head[at + 15 : head.find(b"\r\n", at)])


class Connection(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last is complete, until `end`."""

    def __init__(self, requests: Sequence[bytes], end: float) -> None:
        self._requests = itertools.cycle(requests)
        self._end = end
        self._sent_at = 0.0
        self._answer = b""
        self._missing: int | None = None
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is not a subclass
        self._send()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        if self._sent_at >= self._end:
            self._transport.close()
        else:
            self._transport.write(self._next_request())

    def _next_request(self) -> bytes:
        return next(self._requests)

    def data_received(self, data: bytes) -> None:
        if self._missing is None:
            self._answer += data
            complete = self._complete()
        else:  # for a long body only the length is needed
            self._missing -= len(data)
            complete = self._missing <= 0
        if complete:
            self.latencies.append(time.perf_counter() - self._sent_at)
            self.statuses[int(self._answer[9:12])] += 1
            self._answer, self._missing = b"", None
            self._send()

    def _complete(self) -> bool:
        head_ends = self._answer.find(END_OF_HEAD)
        if head_ends < 0:
            return False
        length = body_length(self._answer[: head_ends + 2])
        if length is None:
            return self._answer.endswith(b"0\r\n\r\n")
        self._missing = head_ends + len(END_OF_HEAD) + length - len(self._answer)
        return self._missing <= 0

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_result(None)


class RefreshingConnection(Connection):
    """Exchanges the refresh token of the last answer. The first request gives the first token."""

    def __init__(self, requests: Sequence[bytes], end: float) -> None:
        super().__init__(requests, end)
        self._request = requests[0]
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        super().data_received(data)

    def _next_request(self) -> bytes:
        body = self._received.partition(END_OF_HEAD)[2]
        self._received = b""
        if body:
            token = orjson.loads(body)["refresh_token"]
            self._request = with_body(self._request, {"refresh_token": token})
        return self._request


def with_body(request: bytes, body: object) -> bytes:
    """The request with another JSON body."""
    head, content = request.partition(END_OF_HEAD)[0], orjson.dumps(body)
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(content), b"", content])


def _address(number: int) -> tuple[str, int]:
    return f"127.0.1.{1 + number % 250}", 0


async def _run(plan: BenchmarkPlan) -> BenchmarkResult:
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    shares = [plan.requests[n :: plan.connections] or plan.requests for n in range(plan.connections)]
    end = started + plan.seconds
    kind = RefreshingConnection if plan.refreshing else Connection
    opened = [
        await loop.create_connection(
            partial(kind, share, end), "127.0.0.1", plan.port, local_addr=_address(number)
        )
        for number, share in enumerate(shares)
    ]
    connections = [protocol for _, protocol in opened]
    await asyncio.wait_for(asyncio.gather(*(c.finished for c in connections)), plan.seconds + 30)
    return BenchmarkResult(
        seconds=time.perf_counter() - started,
        statuses=dict(sum((c.statuses for c in connections), Counter())),
        latencies=sorted(latency * 1000 for c in connections for latency in c.latencies),
    )


def run(plan: BenchmarkPlan) -> BenchmarkResult:
    """Carries out the plan in this process."""
    import uvloop

    return uvloop.run(_run(plan))


def generator() -> ProcessPoolExecutor:
    """The process that generates load: `loop.run_in_executor(generator, run, plan)`."""
    return ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
