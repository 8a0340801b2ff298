"""Bounded load on one route, for `trolley bench`."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import httpx

MOST_CONNECTIONS, MOST_SECONDS, MOST_REQUESTS = 256, 300, 1_000_000
_PAUSE_AFTER_FAILURE_SECONDS = 0.1
_HEAD_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """Each of `connections` repeats the request, one at a time, until `seconds` are over or `requests` were
    sent."""

    request: httpx.Request
    connections: int
    seconds: float
    requests: int = MOST_REQUESTS


@dataclass(slots=True)
class LoadResult:
    """`latencies` are in seconds, of answers with any status. `failures` counts the requests without an
    answer, by reason."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    @property
    def answers(self) -> int:
        return len(self.latencies)

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds if self.seconds else 0.0

    def percentiles(self, shares: Sequence[float]) -> list[float]:
        """The percentiles of the latencies in milliseconds; a share is a number from 0 to 1."""
        ordered = sorted(self.latencies)
        return [
            1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in shares if ordered
        ]


async def run(plan: LoadPlan, on_answer: Callable[[LoadResult], None] = lambda _: None) -> LoadResult:
    """Carries out the plan. Requests that are under way when the time is over do not count."""
    result, left = LoadResult(), iter(range(plan.requests))
    connections = [_Connection(plan.request, result, on_answer) for _ in range(plan.connections)]
    started = time.perf_counter()
    try:
        async with asyncio.timeout(plan.seconds):
            await asyncio.gather(*(connection.repeat(left) for connection in connections))
    except TimeoutError:
        pass
    finally:
        result.seconds = time.perf_counter() - started
        for connection in connections:
            connection.close()
    return result


class _Connection:
    """HTTP/1.1 on asyncio's streams, which take a tenth of the time of a client library."""

    def __init__(
        self, request: httpx.Request, result: LoadResult, on_answer: Callable[[LoadResult], None]
    ) -> None:
        self._url = request.url
        self._bytes = _serialised(request)
        self._is_head = request.method == "HEAD"
        self._result = result
        self._on_answer = on_answer
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def repeat(self, left: Iterator[int]) -> None:
        for _ in left:
            try:
                await self._send_once()
            except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
                self.close()
                self._result.failures[_reason(error)] += 1
                await asyncio.sleep(_PAUSE_AFTER_FAILURE_SECONDS)
            self._on_answer(self._result)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _send_once(self) -> None:
        reader, writer = self._streams or await self._open()
        started = time.perf_counter()
        writer.write(self._bytes)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split(" ", 2)[1])
        headers = _headers(head)
        await self._read_body(reader, status, headers)
        self._result.latencies.append(time.perf_counter() - started)
        self._result.statuses[status] += 1
        if headers.get("connection", "").lower() == "close":
            self.close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        is_secure = self._url.scheme == "https"
        port = self._url.port or (443 if is_secure else 80)
        streams = await asyncio.open_connection(
            self._url.host, port, ssl=is_secure or None, limit=_HEAD_BYTES
        )
        self._streams = streams
        return streams

    async def _read_body(self, reader: asyncio.StreamReader, status: int, headers: dict[str, str]) -> None:
        if self._is_head or status in (204, 304):
            return
        if "content-length" in headers:
            await reader.readexactly(int(headers["content-length"]))
        elif headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                await reader.readexactly(size + 2)
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
        else:
            await reader.read()
            self.close()


def _headers(head: str) -> dict[str, str]:
    fields = (line.partition(":") for line in head.split("\r\n")[1:] if line)
    return {name.strip().lower(): value.strip() for name, _, value in fields}


def _serialised(request: httpx.Request) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%s: %s" % (name, value) for name, value in request.headers.raw]
    return b"\r\n".join(lines) + b"\r\n\r\n" + request.read()


def _reason(error: Exception) -> str:
    if isinstance(error, asyncio.IncompleteReadError):
        return "the connection ended within an answer"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
