import asyncio
import gc
import weakref

import pytest

from cart_service.carts.single_flight import SingleFlight


class Work:
    """Work that lasts until the test lets it end; its result is the number of its run."""

    def __init__(self) -> None:
        self.runs = 0
        self.gates: list[asyncio.Event] = []

    async def __call__(self) -> int:
        self.runs += 1
        run, gate = self.runs, asyncio.Event()
        self.gates.append(gate)
        await gate.wait()
        return run


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def start(flights: SingleFlight[int], work: Work, key: str = "k") -> asyncio.Task[int]:
    return asyncio.create_task(flights.run(key, flights.moment(), work))


async def test_who_arrived_before_it_began_shares_it() -> None:
    flights, work = SingleFlight[int](), Work()
    arrived = [flights.moment() for _ in range(3)]
    first = asyncio.create_task(flights.run("k", arrived[0], work))
    await settle()
    late = [asyncio.create_task(flights.run("k", moment, work)) for moment in arrived[1:]]
    await settle()
    work.gates[0].set()
    assert await asyncio.gather(first, *late) == [1, 1, 1]


async def test_who_arrives_later_shares_the_next_run() -> None:
    flights, work = SingleFlight[int](), Work()
    first = start(flights, work)
    await settle()
    late = [start(flights, work) for _ in range(3)]
    await settle()
    assert work.runs == 1
    work.gates[0].set()
    await settle()
    work.gates[1].set()
    assert await asyncio.gather(first, *late) == [1, 2, 2, 2]


async def test_keys_do_not_wait_for_each_other() -> None:
    flights, work = SingleFlight[int](), Work()
    tasks = [start(flights, work, key) for key in "ab"]
    await settle()
    assert work.runs == 2
    for gate in work.gates:
        gate.set()
    await asyncio.gather(*tasks)


async def test_a_reader_that_goes_away_takes_nobody_along() -> None:
    flights, work = SingleFlight[int](), Work()
    arrived = flights.moment()
    first, second = start(flights, work), asyncio.create_task(flights.run("k", arrived, work))
    await settle()
    first.cancel()
    await settle()
    work.gates[0].set()
    assert await second == 1


async def test_a_failure_reaches_everybody_and_is_not_kept() -> None:
    flights = SingleFlight[int]()

    async def fail() -> int:
        raise LookupError

    results = await asyncio.gather(
        *(flights.run("k", flights.moment(), fail) for _ in range(2)), return_exceptions=True
    )
    assert [type(result) for result in results] == [LookupError, LookupError]
    with pytest.raises(LookupError):
        await flights.run("k", flights.moment(), fail)


async def test_a_failure_that_nobody_waits_for_is_quiet() -> None:
    flights, began = SingleFlight[int](), asyncio.Event()

    async def fail() -> int:
        began.set()
        await asyncio.sleep(0)
        raise LookupError

    reader = asyncio.create_task(flights.run("k", flights.moment(), fail))
    await began.wait()
    reader.cancel()
    await settle()
    assert reader.cancelled()


async def test_work_that_is_cancelled_is_cancelled_for_its_readers() -> None:
    async def cancelled() -> int:
        raise asyncio.CancelledError

    flights = SingleFlight[int]()
    with pytest.raises(asyncio.CancelledError):
        await flights.run("k", flights.moment(), cancelled)


async def test_what_was_shared_is_forgotten_once_everybody_has_it() -> None:
    class Result:
        pass

    async def work() -> Result:
        return Result()

    flights = SingleFlight[Result]()
    kept = [weakref.ref(await flights.run(key, flights.moment(), work)) for key in "ab"]
    await settle()
    gc.collect()
    assert [reference() for reference in kept] == [None, None]
