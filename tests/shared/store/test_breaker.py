"""The breaker before a store: a ping decides, and no request waits for a store that does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.store.breaker import StoreBreaker
from shared.store.ports import StoreUnavailable
from tests.support.waiting import eventually

SOON = 0.01
NEVER = 3600.0


class PingedStore:
    """A store that answers pings, refuses them, or leaves them without an answer."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.answers.set()
        self.refuses = False
        self.pings = 0
        self.pings_at_once = 0
        self.most_pings_at_once = 0

    async def ping(self) -> None:
        self.pings += 1
        self.pings_at_once += 1
        self.most_pings_at_once = max(self.most_pings_at_once, self.pings_at_once)
        try:
            await self.answers.wait()
        finally:
            self.pings_at_once -= 1
        if self.refuses:
            raise StoreUnavailable("connection refused")


@pytest.fixture
def store() -> PingedStore:
    return PingedStore()


@pytest.fixture
async def breaker(store: PingedStore) -> AsyncIterator[StoreBreaker]:
    made = StoreBreaker(store.ping, slow_seconds=SOON, ping_seconds=SOON, probe_seconds=SOON)
    yield made
    await made.close()


async def failing(breaker: StoreBreaker) -> None:
    with pytest.raises(StoreUnavailable, match="it failed"):
        async with breaker.watch():
            raise StoreUnavailable("it failed")


async def hanging(breaker: StoreBreaker) -> None:
    async with breaker.watch():
        await asyncio.Event().wait()


async def open_it(store: PingedStore, breaker: StoreBreaker) -> None:
    store.refuses = True
    await failing(breaker)
    await eventually(lambda: not breaker.is_closed)


async def test_a_failed_request_opens_it_when_the_ping_fails(
    store: PingedStore, breaker: StoreBreaker
) -> None:
    await open_it(store, breaker)
    entered = False
    with pytest.raises(StoreUnavailable, match="connection refused"):
        async with breaker.watch():
            entered = True
    assert not entered


async def test_a_failed_request_leaves_it_closed_when_the_ping_is_answered(
    store: PingedStore, breaker: StoreBreaker
) -> None:
    await failing(breaker)
    await eventually(lambda: store.pings == 1 and not store.pings_at_once)
    assert breaker.is_closed


async def test_requests_under_way_end_when_the_store_answers_no_ping(
    store: PingedStore, breaker: StoreBreaker
) -> None:
    store.answers.clear()
    ended = await asyncio.gather(*(hanging(breaker) for _ in range(3)), return_exceptions=True)
    assert {type(error) for error in ended} == {StoreUnavailable}
    assert not breaker.is_closed


async def test_a_store_that_turns_silent_while_a_request_waits_is_noticed(
    store: PingedStore, breaker: StoreBreaker
) -> None:
    waiting = asyncio.create_task(hanging(breaker))
    await eventually(lambda: store.pings >= 2)
    assert breaker.is_closed
    store.answers.clear()
    with pytest.raises(StoreUnavailable, match="does not answer a ping"):
        await waiting


async def test_a_slow_store_that_answers_pings_stays_in_use(
    store: PingedStore, breaker: StoreBreaker
) -> None:
    async with breaker.watch():
        await eventually(lambda: store.pings >= 3)
    assert breaker.is_closed


async def test_a_store_that_answers_requests_but_no_ping_in_time_stays_in_use(
    store: PingedStore, breaker: StoreBreaker
) -> None:
    store.answers.clear()

    async def answered() -> bool:
        async with breaker.watch():
            return store.pings >= 3

    suspicious = asyncio.create_task(hanging(breaker))
    await eventually(answered, every=0)
    assert breaker.is_closed
    suspicious.cancel()


async def test_the_first_answered_ping_closes_it(store: PingedStore, breaker: StoreBreaker) -> None:
    await open_it(store, breaker)
    store.refuses = False
    await eventually(lambda: breaker.is_closed)
    async with breaker.watch():
        pass
    pings = store.pings
    await open_it(store, breaker)
    assert store.pings > pings


async def test_one_ping_runs_at_a_time(store: PingedStore) -> None:
    breaker = StoreBreaker(store.ping, slow_seconds=SOON, ping_seconds=NEVER, probe_seconds=SOON)
    store.answers.clear()
    waiting = [asyncio.create_task(hanging(breaker)) for _ in range(5)]
    asking = [asyncio.create_task(breaker.ping()) for _ in range(5)]
    await eventually(lambda: store.pings_at_once)
    store.answers.set()
    await asyncio.gather(*asking)
    await eventually(lambda: store.pings >= 3)
    assert store.most_pings_at_once == 1
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await breaker.close()


async def test_a_ping_that_fails_opens_it_before_any_request_does(
    store: PingedStore, breaker: StoreBreaker
) -> None:
    store.refuses = True
    with pytest.raises(StoreUnavailable, match="connection refused"):
        await breaker.ping()
    assert not breaker.is_closed


async def test_nobody_waits_for_a_ping_while_it_is_open(store: PingedStore) -> None:
    breaker = StoreBreaker(store.ping, slow_seconds=SOON, ping_seconds=NEVER, probe_seconds=SOON)
    await open_it(store, breaker)
    store.answers.clear()
    await eventually(lambda: store.pings_at_once)
    with pytest.raises(StoreUnavailable, match="connection refused"):
        await breaker.ping()
    await breaker.close()


async def test_a_request_that_is_cancelled_stays_cancelled(breaker: StoreBreaker) -> None:
    waiting = asyncio.create_task(hanging(breaker))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
