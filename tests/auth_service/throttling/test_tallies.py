"""Counting failures, in Redis and in one replica."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from auth_service.throttling.local_tallies import LocalTallies
from auth_service.throttling.model import LEASE_SECONDS, Budget, Charge, Operation
from auth_service.throttling.ports import Tallies, TalliesUnavailable
from auth_service.throttling.redis_tallies import RedisTallies
from shared.ids import new_id
from tests.support.servers import RedisServer
from tests.support.waiting import eventually

BUDGET = Budget(3, 100, 1000, 1000, clears=True)
SHORT = Budget(1, 0.3, 0.3, 1000)


@pytest.fixture(params=["redis", "local"])
async def tallies(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[Tallies]:
    if request.param == "local":
        yield LocalTallies()
        return
    shared = RedisTallies(redis_url)
    yield shared
    await shared.close()


def charge(budget: Budget = BUDGET, kind: str = "account") -> Charge:
    return Charge(kind, new_id(), budget)


async def fail(tallies: Tallies, *charges: Charge) -> None:
    assert (await tallies.apply(Operation.BEGIN, charges)).admitted
    await tallies.apply(Operation.FAIL, charges)


async def test_failures_past_the_free_ones_begin_waits_that_double_up_to_the_longest(
    tallies: Tallies,
) -> None:
    watched = charge(Budget(2, 100, 1000, 10_000))
    without_waits = replace(watched, budget=Budget(100, 100, 1000, 10_000))
    waits = []
    for _ in range(8):
        await fail(tallies, without_waits)
        verdict = await tallies.apply(Operation.BEGIN, [watched])
        waits.append(verdict.wait)
        if verdict.admitted:
            await tallies.apply(Operation.WITHDRAW, [watched])
    assert waits[0] == 0
    for wait, longest in zip(waits[1:], [100, 200, 400, 800, 1000, 1000, 1000], strict=True):
        assert longest - 60 < wait <= longest


async def test_attempts_at_once_are_as_many_as_may_fail(tallies: Tallies) -> None:
    account = charge()
    verdicts = await asyncio.gather(*(tallies.apply(Operation.BEGIN, [account]) for _ in range(20)))
    assert sum(verdict.admitted for verdict in verdicts) == 3
    assert sum(verdict.is_busy for verdict in verdicts) == 17


async def test_after_a_wait_one_attempt_at_a_time_may_begin(tallies: Tallies) -> None:
    account = charge(SHORT)
    await fail(tallies, account)

    async def admitted() -> bool:
        return (await tallies.apply(Operation.BEGIN, [account])).admitted

    await eventually(admitted)
    assert (await tallies.apply(Operation.BEGIN, [account])).is_busy
    await tallies.apply(Operation.SUCCEED, [account])
    assert (await tallies.apply(Operation.BEGIN, [account])).admitted


async def test_a_success_clears_only_the_budget_that_says_so(tallies: Tallies) -> None:
    pair, account = charge(kind="pair"), charge(replace(BUDGET, clears=False))
    for _ in range(2):
        await fail(tallies, pair, account)
    await tallies.apply(Operation.BEGIN, [pair, account])
    await tallies.apply(Operation.SUCCEED, [pair, account])
    await fail(tallies, pair, account)
    verdict = await tallies.apply(Operation.BEGIN, [pair, account])
    assert verdict.kind == "account"


async def test_an_attempt_that_is_withdrawn_or_succeeds_is_taken_back(tallies: Tallies) -> None:
    account = charge(replace(BUDGET, clears=False))
    for operation in (Operation.WITHDRAW, Operation.SUCCEED) * 5:
        assert (await tallies.apply(Operation.BEGIN, [account])).admitted
        await tallies.apply(operation, [account])
    assert (await tallies.apply(Operation.BEGIN, [account])).admitted


async def test_a_refusal_by_one_tally_counts_in_none(tallies: Tallies) -> None:
    spent, free = charge(replace(BUDGET, free=1)), charge(replace(BUDGET, free=1))
    await fail(tallies, spent)
    for _ in range(3):
        assert not (await tallies.apply(Operation.BEGIN, [free, spent])).admitted
    assert (await tallies.apply(Operation.BEGIN, [free])).admitted


async def test_the_refusal_with_the_longest_wait_is_named(tallies: Tallies) -> None:
    short, long = charge(Budget(1, 50, 50, 1000), "short"), charge(Budget(1, 500, 500, 1000), "long")
    await fail(tallies, short, long)
    for charges in ([short, long], [long, short]):
        verdict = await tallies.apply(Operation.BEGIN, charges)
        assert verdict.kind == "long"
        assert 50 < verdict.wait <= 500


async def test_a_network_has_more_failures_for_those_who_have_none(tallies: Tallies) -> None:
    network = charge(Budget(1, 100, 100, 1000, fresh_free=3), "network")
    failed = charge(replace(BUDGET, clears=False), "pair")
    await fail(tallies, failed, network)
    assert (await tallies.apply(Operation.BEGIN, [failed, network])).kind == "network"
    for _ in range(2):
        await fail(tallies, charge(kind="pair"), network)
    assert (await tallies.apply(Operation.BEGIN, [charge(kind="pair"), network])).kind == "network"


async def test_a_rate_frees_one_use_after_another(tallies: Tallies) -> None:
    mails = charge(Budget.rate(2, 1), "mails")
    spent = [(await tallies.apply(Operation.SPEND, [mails])).admitted for _ in range(2)]
    assert spent == [True, True]

    async def freed() -> bool:
        return (await tallies.apply(Operation.SPEND, [mails])).admitted

    await eventually(freed)


async def test_failures_are_forgiven_in_time(tallies: Tallies) -> None:
    account = charge(Budget(2, 100, 100, 0.3))
    for _ in range(2):
        await fail(tallies, account)

    async def admitted() -> bool:
        return (await tallies.apply(Operation.BEGIN, [account])).admitted

    await eventually(admitted)


async def test_in_redis_an_attempt_without_an_outcome_counts_as_a_failure(redis_url: str) -> None:
    shared, account = RedisTallies(redis_url, lease_seconds=0.2), charge(Budget(1, 100, 100, 1000))
    assert (await shared.apply(Operation.BEGIN, [account])).admitted

    async def waits() -> bool:
        return (await shared.apply(Operation.BEGIN, [account])).wait > 90

    await eventually(waits)
    await shared.close()


@pytest.mark.parametrize("seed", range(10))
async def test_both_count_the_same(redis_url: str, seed: int) -> None:
    """Whatever happens, in whatever order. No wait is over meanwhile."""
    shared, local, dice = RedisTallies(redis_url), LocalTallies(), random.Random(seed)
    budgets = [
        Budget(2, 1000, 8000, 10_000, clears=True),
        Budget(4, 1000, 8000, 10_000),
        Budget(3, 1000, 2000, 10_000, fresh_free=6),
    ]
    charges = [charge(budget, kind) for budget, kind in zip(budgets, "abc", strict=True)]
    for _ in range(60):
        chosen = dice.sample(charges, dice.randint(1, 3))
        operation = dice.choice([*Operation, Operation.BEGIN, Operation.BEGIN])
        verdicts = [await tallies.apply(operation, chosen) for tallies in (shared, local)]
        assert verdicts[0].kind == verdicts[1].kind
        assert abs(verdicts[0].wait - verdicts[1].wait) < 500
    await shared.close()


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_one_failure_after_another_is_forgiven() -> None:
    seconds = Seconds()
    tallies, account = LocalTallies(monotonic=seconds), charge(Budget(3, 1, 900, 900))
    for _ in range(3):
        await fail(tallies, account)
    seconds.now += 899
    await fail(tallies, account)
    assert not (await tallies.apply(Operation.BEGIN, [account])).admitted
    seconds.now += 901
    await fail(tallies, account)
    assert not (await tallies.apply(Operation.BEGIN, [account])).admitted
    seconds.now += 3 * 900
    for _ in range(3):
        await fail(tallies, account)
    assert not (await tallies.apply(Operation.BEGIN, [account])).admitted


async def test_an_attempt_without_an_outcome_counts_as_a_failure() -> None:
    seconds = Seconds()
    tallies, account = LocalTallies(monotonic=seconds), charge(Budget(1, 100, 100, 1000))
    await tallies.apply(Operation.BEGIN, [account])
    seconds.now += LEASE_SECONDS - 1
    assert (await tallies.apply(Operation.BEGIN, [account])).is_busy
    seconds.now += 2
    assert 90 < (await tallies.apply(Operation.BEGIN, [account])).wait < 100
    seconds.now += 100
    assert (await tallies.apply(Operation.BEGIN, [account])).admitted


async def test_after_a_long_attack_an_account_opens_within_hours() -> None:
    seconds = Seconds()
    tallies, account = LocalTallies(monotonic=seconds), charge(Budget(30, 1, 900, 900))
    looks, day = 0, seconds.now + 86_400
    while seconds.now < day:
        verdict = await tallies.apply(Operation.BEGIN, [account])
        if verdict.admitted:
            await tallies.apply(Operation.FAIL, [account])
            looks += 1
        seconds.now += verdict.wait
    assert looks < 200
    seconds.now += 13 * 900
    assert (await tallies.apply(Operation.BEGIN, [account])).admitted


async def test_memory_is_bounded_and_what_refuses_stays() -> None:
    tallies, attacked = LocalTallies(most_tallies=10), charge(Budget(1, 100, 100, 1000))
    await fail(tallies, attacked)
    for _ in range(100):
        assert not (await tallies.apply(Operation.BEGIN, [attacked])).admitted
        await fail(tallies, charge())
    assert len(tallies) == 10


async def test_what_is_taken_back_leaves_nothing() -> None:
    tallies, account = LocalTallies(), charge()
    await tallies.apply(Operation.BEGIN, [account])
    await tallies.apply(Operation.SUCCEED, [account])
    assert len(tallies) == 0


async def test_redis_that_is_away_is_told(redis_server: RedisServer) -> None:
    shared = RedisTallies(redis_server.url)
    redis_server.kill()
    with pytest.raises(TalliesUnavailable):
        await shared.apply(Operation.BEGIN, [charge()])
    await shared.close()
