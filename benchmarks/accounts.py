"""The routes of accounts beside their ceilings: argon2 alone, and a bare route that checks a token."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from statistics import median

import httpx
from passlib.hash import argon2
from rich.console import Console

from auth_service.settings import AuthSettings
from benchmarks.costs import Spent, for_each_answer, spent, spent_by_all
from benchmarks.load import BenchmarkPlan, BenchmarkResult, generator, run
from benchmarks.report import ratio, show_cpu, show_table
from benchmarks.scenarios import PASSWORD, request
from trolley.local.stack import LocalStack

ARGON2 = "argon2 alone"
LOGIN = "login"
BARE_ME = "bare GET with token"
ME = "GET /me"
REFRESH = "refresh"
WHILE_HASHING = "GET /me while it hashes"
AUTH = "/api/v1/auth"

WANTED = {(LOGIN, ARGON2): 0.9, (REFRESH, BARE_ME): 0.5, (ME, BARE_ME): 0.8}
"""The ratio of the rates that each pair reaches."""
MOST_TIMES_SLOWER = 5.0
"""p99 of a request to the replica that hashes, against the same replica without hashes."""
FEW, LOGINS = 2, 8
"""Connections: of a load whose answers are timed, and of logins, which always keep both threads busy."""

Rounds = dict[str, list[BenchmarkResult]]


def hash_passwords(seconds: float) -> BenchmarkResult:
    """As many checks of a password as the threads of one replica make, with its parameters."""
    settings = AuthSettings()
    scheme = argon2.using(
        type="ID",
        memory_cost=settings.auth_password_memory_kib,
        time_cost=settings.auth_password_iterations,
        parallelism=1,
    )
    known, started = scheme.hash(PASSWORD), time.perf_counter()

    def check(_: int) -> list[float]:
        times = []
        while (before := time.perf_counter()) < started + seconds:
            scheme.verify(PASSWORD, known)
            times.append((time.perf_counter() - before) * 1000)
        return times

    workers = settings.auth_password_workers
    with ThreadPoolExecutor(workers) as threads:
        times = sorted(each for thread in threads.map(check, range(workers)) for each in thread)
    return BenchmarkResult(time.perf_counter() - started, {200: len(times)}, times)


class AccountsBenchmark:
    """The shop, its customers, and a process that generates load."""

    def __init__(self, process: ProcessPoolExecutor, stack: LocalStack, customers: int) -> None:
        """Each of the `customers` has one connection."""
        self._process = process
        self._stack = stack
        self._customers = customers
        self._emails: list[str] = []

    async def prepare(self) -> None:
        """Registers the customers."""
        async with self._client() as client:
            for number in range(self._customers):
                email = f"account.{number}@bench.example"
                body = {"name": f"Customer {number}", "email": email, "password": PASSWORD}
                (await client.post(f"{AUTH}/register", json=body)).raise_for_status()
                self._emails.append(email)

    async def measure(self, rounds: int, seconds: float) -> tuple[Rounds, dict[str, list[Spent]]]:
        """The rate of each request in turns, and the processor time of an answer. The first round warms
        up."""
        loads: Rounds = {name: [] for name in (ARGON2, LOGIN, BARE_ME, ME, REFRESH)}
        costs: dict[str, list[Spent]] = {name: [] for name in loads}
        for turn in range(rounds + 1):
            plans = await self._plans(seconds)
            for name, found in loads.items():
                before = self._spent()
                load = await self._run(plans.get(name), seconds)
                if turn:
                    found.append(load)
                    costs[name].append(for_each_answer(before, self._spent(), load.answers))
        return loads, costs

    async def latencies(self, rounds: int, seconds: float) -> Rounds:
        """`GET /me` with nothing else to do and while the same replica hashes, in turns."""
        loads: Rounds = {ME: [], WHILE_HASHING: []}
        me = self._plan([request("GET", f"{AUTH}/me", token=(await self._sign_in(1))[0][0])], FEW, seconds)
        with generator() as other:
            for _ in range(rounds):
                loads[ME].append(await self._run(me, seconds))
                hashing = asyncio.get_running_loop().run_in_executor(
                    other, run, self._plan(self._logins(), LOGINS, seconds + 1)
                )
                await asyncio.sleep(0.5)  # the logins have begun
                loads[WHILE_HASHING].append(await self._run(me, seconds))
                await hashing
        return loads

    def _spent(self) -> Spent:
        """Of the shop, and of the process that generates load, or hashes."""
        return {**spent_by_all(self._stack), "load": spent(self._process.submit(os.getpid).result())}

    async def _plans(self, seconds: float) -> Mapping[str, BenchmarkPlan]:
        sessions = await self._sign_in(self._customers)
        access = [token for token, _ in sessions]
        exchanges = [
            request("POST", f"{AUTH}/refresh", body={"refresh_token": refresh}) for _, refresh in sessions
        ]
        return {
            LOGIN: self._plan(self._logins(), LOGINS, seconds),
            BARE_ME: self._plan([request("GET", "/bare/me", token=token) for token in access], None, seconds),
            ME: self._plan([request("GET", f"{AUTH}/me", token=token) for token in access], None, seconds),
            REFRESH: self._plan(exchanges, None, seconds, refreshing=True),
        }

    def _plan(
        self, requests: Sequence[bytes], connections: int | None, seconds: float, *, refreshing: bool = False
    ) -> BenchmarkPlan:
        port, count = self._stack.gateway_port, connections or self._customers
        return BenchmarkPlan(port, requests, count, seconds, refreshing=refreshing)

    def _logins(self) -> list[bytes]:
        return [
            request("POST", f"{AUTH}/login", body={"email": email, "password": PASSWORD})
            for email in self._emails
        ]

    async def _sign_in(self, count: int) -> list[tuple[str, str]]:
        """Access tokens and refresh tokens, one session for each of so many customers."""
        async with self._client() as client:
            found = []
            for email in self._emails[:count]:
                body = {"email": email, "password": PASSWORD}
                answer = (await client.post(f"{AUTH}/login", json=body)).raise_for_status().json()
                found.append((answer["access_token"], answer["refresh_token"]))
            return found

    async def _run(self, plan: BenchmarkPlan | None, seconds: float) -> BenchmarkResult:
        loop = asyncio.get_running_loop()
        if plan is None:
            return await loop.run_in_executor(self._process, hash_passwords, seconds)
        return await loop.run_in_executor(self._process, run, plan)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self._stack.base_url, timeout=30)


def show(console: Console, loads: Rounds, costs: Mapping[str, Sequence[Spent]], store: str) -> None:
    """Prints the rates, their ratios and the processor time."""
    columns = ("request", "per s", "median", "p99", "errors")
    rows = {name: list(_figures(rounds)) for name, rounds in loads.items()}
    show_table(console, f"Accounts through the gateway, one replica, {store}; times in ms", columns, rows)
    for (name, ceiling), wanted in WANTED.items():
        console.print(f"{name} ÷ {ceiling}: {ratio(loads[name], loads[ceiling]):.2f} (wanted: {wanted:.2f})")
    show_cpu(console, costs, store)


def show_latencies(console: Console, loads: Rounds, store: str) -> None:
    """Prints both loads, and the ratio of their p99: the median of the pairs."""
    columns = ("request", "per s", "median", "p99", "errors")
    rows = {name: list(_figures(rounds)) for name, rounds in loads.items()}
    show_table(console, f"{FEW} connections, on {store}; times in ms", columns, rows)
    pairs = zip(loads[WHILE_HASHING], loads[ME], strict=True)
    times = median(busy.quantile(0.99) / idle.quantile(0.99) for busy, idle in pairs)
    console.print(f"p99 of {WHILE_HASHING} ÷ idle: {times:.1f} (wanted: less than {MOST_TIMES_SLOWER:.0f})")


def _figures(rounds: Sequence[BenchmarkResult]) -> Iterator[str]:
    load = rounds[0]
    for other in rounds[1:]:
        load = load.and_then(other)
    refused = sum(count for status, count in load.statuses.items() if status >= 400)
    yield f"{load.per_second:,.0f}"
    yield from (f"{load.quantile(share):.1f}" for share in (0.5, 0.99))
    yield f"{refused:,}" if refused else ""
