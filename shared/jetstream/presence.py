"""Lists the replicas over NATS, by the protocol of its service API (ADR-32). Each replica answers requests on
`$SRV.PING`, `$SRV.INFO` and `$SRV.STATS`. `nats micro list` and `trolley nodes` send them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import product
from typing import Any

import nats.errors
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from shared.clock import Clock, SystemClock, from_rfc3339, to_rfc3339
from shared.ids import new_id
from shared.jetstream.connection import NatsSessions
from shared.jetstream.session import NatsSession
from shared.tasks import cancel_all

_VERBS = ("PING", "INFO", "STATS")
_TYPE = "io.nats.micro.v1.{}_response"
_QUIET_SECONDS = 0.25  # after this time without an answer, all have answered
_TICK_SECONDS = 0.5
_WEIGHT = 0.2  # of the newest tick in the moving averages


@dataclass(frozen=True, slots=True)
class ReplicaLoad:
    """Averages over the last few seconds: requests a second, the delay of due work in the event loop
    (milliseconds), and the share of one CPU core (1.0 is a whole one)."""

    requests_per_second: float = 0.0
    loop_lag_ms: float = 0.0
    cpu: float = 0.0


class LoadMeter:
    """Measures the load while `run` runs. `requests_total` returns the number of requests since the start."""

    def __init__(self, requests_total: Callable[[], float]) -> None:
        self._requests_total = requests_total
        self._load = ReplicaLoad()

    def load(self) -> ReplicaLoad:
        return self._load

    async def run(self) -> None:
        before = self._sample()
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            sample = self._sample()
            requests, clock, cpu = (new - old for new, old in zip(sample, before, strict=True))
            before = sample
            self._load = ReplicaLoad(
                requests_per_second=_blend(self._load.requests_per_second, requests / clock),
                loop_lag_ms=_blend(self._load.loop_lag_ms, max(0.0, clock - _TICK_SECONDS) * 1000),
                cpu=_blend(self._load.cpu, cpu / clock),
            )

    def _sample(self) -> tuple[float, float, float]:
        return self._requests_total(), time.monotonic(), time.process_time()


def _blend(average: float, newest: float) -> float:
    return round(average + _WEIGHT * (newest - average), 3)


@dataclass(frozen=True, slots=True)
class Node:
    """One running replica. `tasks` are the names of its background tasks."""

    id: str
    service: str
    version: str
    host: str
    started: datetime
    load: ReplicaLoad
    tasks: tuple[str, ...]


class Presence:
    """Answers for this replica while it runs, and again after each reconnect.

    `name` may hold letters, digits, `-` and `_`; `version` is a semantic version.
    """

    def __init__(
        self,
        connection: NatsSessions,
        meter: LoadMeter,
        *,
        name: str,
        version: str,
        host: str,
        clock: Clock | None = None,
    ) -> None:
        self._connection = connection
        self._identity = {"name": name, "id": new_id(), "version": version, "metadata": {"host": host}}
        self._meter = meter
        self._started = (clock or SystemClock()).now()
        self._tasks: list[asyncio.Task[None]] = []
        self._answers: Mapping[str, Callable[[], dict[str, Any]]] = {
            "PING": dict,
            "INFO": self._info,
            "STATS": self._stats,
        }

    def start(self) -> None:
        """Starts to answer when NATS is there."""
        tasks = self._connection.tasks
        self._tasks = [
            tasks.start("presence", self._run()),
            tasks.start("load-meter", self._meter.run()),
        ]

    async def close(self) -> None:
        await cancel_all(self._tasks)

    async def _run(self) -> None:
        while True:
            session = await self._connection.next_session()
            subscriptions: list[Subscription] = []
            try:
                await self._subscribe(session, subscriptions)
                await session.wait_ended()
            except nats.errors.Error:
                await session.wait_ended()
            finally:
                await _unsubscribe(subscriptions)

    async def _subscribe(self, session: NatsSession, subscriptions: list[Subscription]) -> None:
        name, id = self._identity["name"], self._identity["id"]
        for verb, whom in product(_VERBS, ("", f".{name}", f".{name}.{id}")):
            subscription = await session.client.subscribe(f"$SRV.{verb}{whom}", cb=self._answer)
            subscriptions.append(subscription)

    async def _answer(self, question: Msg) -> None:
        verb = question.subject.split(".")[1]
        body = {"type": _TYPE.format(verb.lower()), **self._identity, **self._answers[verb]()}
        with suppress(nats.errors.Error):
            await question.respond(orjson.dumps(body))

    def _info(self) -> dict[str, Any]:
        return {"description": "a service of the shop", "endpoints": []}

    def _stats(self) -> dict[str, Any]:
        data = {**asdict(self._meter.load()), "tasks": self._connection.tasks.names}
        return {"started": to_rfc3339(self._started), "endpoints": [], "data": data}


async def list_nodes(client: Client, timeout: float) -> list[Node]:
    """The replicas that answer within `timeout` seconds, by service and start. Raises the client's errors."""
    answers: asyncio.Queue[Msg] = asyncio.Queue()
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox, cb=_put_into(answers))
    await client.publish("$SRV.STATS", reply=inbox)
    nodes: list[Node] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            while True:
                wait = _QUIET_SECONDS if nodes else timeout
                async with asyncio.timeout(wait):
                    message = await answers.get()
                if _is_nobody(message):
                    break
                nodes += _read_node(message)
    await _unsubscribe([subscription])
    return sorted(nodes, key=lambda node: (node.service, node.started, node.id))


def _put_into(queue: asyncio.Queue[Msg]) -> Callable[[Msg], Any]:
    async def put(message: Msg) -> None:
        queue.put_nowait(message)

    return put


def _is_nobody(message: Msg) -> bool:
    """Whether this is the server's answer if nobody listens."""
    return (message.headers or {}).get("Status") == "503"


def _read_node(message: Msg) -> list[Node]:
    """The replica of the answer; empty for other kinds of services."""
    try:
        body = orjson.loads(message.data)
        tasks = body["data"].pop("tasks", ())  # a replica of an older release sends none
        return [
            Node(
                id=body["id"],
                service=body["name"],
                version=body["version"],
                host=body["metadata"]["host"],
                started=from_rfc3339(body["started"]),
                load=ReplicaLoad(**body["data"]),
                tasks=tuple(tasks),
            )
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


async def _unsubscribe(subscriptions: list[Subscription]) -> None:
    for subscription in subscriptions:
        with suppress(nats.errors.Error):
            await subscription.unsubscribe()
