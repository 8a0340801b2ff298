"""The load and the report of the routes of accounts."""

from __future__ import annotations

import asyncio
import io
from contextlib import suppress

import orjson
from rich.console import Console

from benchmarks.accounts import ARGON2, BARE_ME, LOGIN, ME, REFRESH, WHILE_HASHING, show, show_latencies
from benchmarks.load import BenchmarkPlan, BenchmarkResult, run
from benchmarks.scenarios import request


def load(per_second: int, latency: float = 1.0) -> BenchmarkResult:
    return BenchmarkResult(1.0, {200: per_second}, [latency])


async def test_each_exchange_has_the_token_of_the_last_answer() -> None:
    """The server gives tokens of growing length, as it would with a counter in them."""
    given: list[str] = ["t"]
    seen: list[str] = []
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().rpartition(b"content-length: ")[2].split(b"\r\n")[0])
                seen.append(orjson.loads(await reader.readexactly(length))["refresh_token"])
                given.append(given[-1] + "x")
                body = orjson.dumps({"refresh_token": given[-1]})
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()
        await writer.wait_closed()
        closed.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    plan = BenchmarkPlan(
        server.sockets[0].getsockname()[1],
        [request("POST", "/refresh", body={"refresh_token": "t"})],
        connections=1,
        seconds=0.05,
        refreshing=True,
    )
    async with server:
        result = await asyncio.to_thread(run, plan)
        await closed.wait()
    assert result.statuses == {200: len(seen)}
    assert seen == given[: len(seen)]


def test_each_ratio_is_that_of_its_own_ceiling() -> None:
    console = Console(file=io.StringIO(), width=120)
    rates = {ARGON2: 100, LOGIN: 95, BARE_ME: 1000, ME: 810, REFRESH: 520}
    costs = {name: [{"auth": 10.0, "load": 1.0}] for name in rates}
    show(console, {name: [load(rate)] for name, rate in rates.items()}, costs, "SQLite")
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"{LOGIN} ÷ {ARGON2}: 0.95 (wanted: 0.90)" in printed
    assert f"{REFRESH} ÷ {BARE_ME}: 0.52 (wanted: 0.50)" in printed
    assert f"{ME} ÷ {BARE_ME}: 0.81 (wanted: 0.80)" in printed


def test_the_slowest_answers_are_judged_by_pairs() -> None:
    console = Console(file=io.StringIO(), width=120)
    pairs = {ME: [load(1, 1.0), load(1, 10.0)], WHILE_HASHING: [load(1, 4.0), load(1, 40.0)]}
    show_latencies(console, pairs, "SQLite")
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"p99 of {WHILE_HASHING} ÷ idle: 4.0 (wanted: less than 5)" in printed
