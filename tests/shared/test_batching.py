"""The group-commit batcher."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.batching import Batcher, QueueFull, Weighing
from shared.bounded import ByteBudget
from tests.support.waiting import eventually


class Recorder:
    """Executes batches once the gate is open, and remembers them."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.batches: list[list[int]] = []
        self.running = self.most_running = 0
        self.gate = asyncio.Event()
        if is_open:
            self.gate.set()

    async def execute(self, ops: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(ops))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await self.gate.wait()
        self.running -= 1
        return [ValueError(op) if op < 0 else op * 10 for op in ops]


def batcher(recorder: Recorder, max_items: int = 100, max_in_flight: int = 1, queue_limit: int = 1000):
    return Batcher(
        recorder.execute, max_items=max_items, max_in_flight=max_in_flight, queue_limit=queue_limit
    )


async def test_what_is_submitted_together_goes_together() -> None:
    recorder = Recorder()
    subject = batcher(recorder)
    assert await asyncio.gather(*map(subject.submit, range(5))) == [0, 10, 20, 30, 40]
    assert recorder.batches == [[0, 1, 2, 3, 4]]


async def test_what_comes_during_a_batch_waits_for_the_next_one() -> None:
    recorder = Recorder(is_open=False)
    subject = batcher(recorder)
    tasks = [asyncio.create_task(subject.submit(1))]
    await eventually(lambda: recorder.batches)
    tasks += [asyncio.create_task(subject.submit(op)) for op in (2, 3)]
    await asyncio.sleep(0)
    assert recorder.batches == [[1]]
    recorder.gate.set()
    assert await asyncio.gather(*tasks) == [10, 20, 30]
    assert recorder.batches == [[1], [2, 3]]


async def test_a_batch_holds_no_more_than_its_limit_and_order_is_kept() -> None:
    recorder = Recorder()
    await asyncio.gather(*map(batcher(recorder, max_items=3).submit, range(8)))
    assert recorder.batches == [[0, 1, 2], [3, 4, 5], [6, 7]]
    assert recorder.most_running == 1


async def test_several_batches_run_at_once_but_no_more_than_allowed() -> None:
    recorder = Recorder(is_open=False)
    subject = batcher(recorder, max_items=1, max_in_flight=2)
    tasks = [asyncio.create_task(subject.submit(op)) for op in range(5)]
    await eventually(lambda: recorder.running == 2)
    recorder.gate.set()
    await asyncio.gather(*tasks)
    assert recorder.most_running == 2


async def test_one_failure_reaches_only_its_caller() -> None:
    subject = batcher(Recorder())
    outcomes = await asyncio.gather(*map(subject.submit, [1, -2, 3]), return_exceptions=True)
    assert outcomes[0] == 10
    assert isinstance(outcomes[1], ValueError)
    assert outcomes[2] == 30


async def test_a_failed_batch_reaches_every_caller_and_the_next_one_works() -> None:
    attempts = 0

    async def execute(ops: Sequence[int]) -> Sequence[int]:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise ConnectionError
        return ops

    subject: Batcher[int, int] = Batcher(execute, max_items=10, max_in_flight=1, queue_limit=10)
    outcomes = await asyncio.gather(*map(subject.submit, range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ConnectionError] * 3
    assert await subject.submit(7) == 7


async def test_an_answer_for_too_few_operations_is_an_error() -> None:
    async def execute(ops: Sequence[int]) -> Sequence[int]:
        return ops[1:]

    subject: Batcher[int, int] = Batcher(execute, max_items=10, max_in_flight=1, queue_limit=10)
    outcomes = await asyncio.gather(*map(subject.submit, range(2)), return_exceptions=True)
    assert any(isinstance(outcome, ValueError) for outcome in outcomes)


async def test_past_its_limit_the_queue_refuses() -> None:
    recorder = Recorder(is_open=False)
    subject = batcher(recorder, max_items=1, queue_limit=2)
    running = asyncio.create_task(subject.submit(1))
    await eventually(lambda: recorder.running == 1)
    waiting = [asyncio.create_task(subject.submit(op)) for op in (2, 3)]
    await asyncio.sleep(0)
    with pytest.raises(QueueFull):
        await subject.submit(4)
    recorder.gate.set()
    assert await asyncio.gather(running, *waiting) == [10, 20, 30]


def heavy(recorder: Recorder, budget: ByteBudget, batch_bytes: int = 1000) -> Batcher[int, int]:
    """Its operations weigh what they are."""
    return Batcher(
        recorder.execute,
        max_items=100,
        max_in_flight=1,
        queue_limit=1000,
        weighing=Weighing(lambda op: op, budget, batch_bytes),
    )


async def test_past_the_budget_of_bytes_the_queue_refuses_until_a_batch_is_done() -> None:
    recorder, budget = Recorder(is_open=False), ByteBudget(100)
    subject = heavy(recorder, budget)
    running = asyncio.create_task(subject.submit(60))
    await eventually(lambda: recorder.running == 1)
    with pytest.raises(QueueFull):
        await subject.submit(41)
    waiting = asyncio.create_task(subject.submit(40))
    await asyncio.sleep(0)
    assert budget.held_bytes == 100
    recorder.gate.set()
    assert await asyncio.gather(running, waiting) == [600, 400]
    assert budget.held_bytes == 0
    assert await subject.submit(41) == 410


async def test_queues_may_share_a_budget() -> None:
    recorder, budget = Recorder(is_open=False), ByteBudget(100)
    running = asyncio.create_task(heavy(recorder, budget).submit(60))
    await eventually(lambda: recorder.running == 1)
    with pytest.raises(QueueFull):
        await heavy(recorder, budget).submit(60)
    recorder.gate.set()
    await running


async def test_a_batch_carries_so_many_bytes_or_one_operation() -> None:
    recorder = Recorder()
    sizes = [40, 60, 1, 500, 50, 50]
    subject = heavy(recorder, ByteBudget(1000), batch_bytes=100)
    await asyncio.gather(*map(subject.submit, sizes))
    assert recorder.batches == [[40, 60], [1], [500], [50, 50]]


async def test_what_is_larger_than_the_budget_goes_alone() -> None:
    recorder, budget = Recorder(), ByteBudget(10)
    assert await heavy(recorder, budget).submit(11) == 110
    assert budget.held_bytes == 0


async def test_a_cancelled_and_a_failed_operation_give_their_bytes_back() -> None:
    async def fail(ops: Sequence[int]) -> Sequence[int]:
        raise ConnectionError

    recorder, budget = Recorder(is_open=False), ByteBudget(100)
    subject = heavy(recorder, budget)
    running = asyncio.create_task(subject.submit(10))
    await eventually(lambda: recorder.running == 1)
    leaves = asyncio.create_task(subject.submit(20))
    await asyncio.sleep(0)
    leaves.cancel()
    recorder.gate.set()
    await running
    failing: Batcher[int, int] = Batcher(
        fail,
        max_items=9,
        max_in_flight=1,
        queue_limit=9,
        weighing=Weighing(lambda op: op, budget, 100),
    )
    with pytest.raises(ConnectionError):
        await failing.submit(30)
    await subject.close()
    assert budget.held_bytes == 0


async def test_a_cancelled_caller_takes_its_operation_out_of_the_queue() -> None:
    recorder = Recorder(is_open=False)
    subject = batcher(recorder)
    first = asyncio.create_task(subject.submit(1))
    await eventually(lambda: recorder.running == 1)
    leaves, stays = (asyncio.create_task(subject.submit(op)) for op in (2, 3))
    await asyncio.sleep(0)
    leaves.cancel()
    recorder.gate.set()
    assert await asyncio.gather(first, stays) == [10, 30]
    assert recorder.batches == [[1], [3]]


async def test_a_caller_cancelled_in_flight_harms_nobody() -> None:
    recorder = Recorder(is_open=False)
    subject = batcher(recorder)
    leaves, stays = (asyncio.create_task(subject.submit(op)) for op in (1, 2))
    await eventually(lambda: recorder.running == 1)
    leaves.cancel()
    recorder.gate.set()
    assert await stays == 20
    assert leaves.cancelled()


async def test_close_finishes_what_was_accepted_and_refuses_the_rest() -> None:
    recorder = Recorder()
    subject = batcher(recorder, max_items=2)
    tasks = [asyncio.create_task(subject.submit(op)) for op in range(5)]
    await asyncio.sleep(0)
    await subject.close()
    assert await asyncio.gather(*tasks) == [0, 10, 20, 30, 40]
    with pytest.raises(QueueFull):
        await subject.submit(9)


@given(
    ops=st.lists(st.integers(-50, 50), max_size=60),
    max_items=st.integers(1, 7),
    max_in_flight=st.integers(1, 4),
)
async def test_everyone_gets_their_own_answer(ops: list[int], max_items: int, max_in_flight: int) -> None:
    recorder = Recorder()
    subject = batcher(recorder, max_items, max_in_flight)
    outcomes = await asyncio.gather(*map(subject.submit, ops), return_exceptions=True)
    for op, outcome in zip(ops, outcomes, strict=True):
        assert outcome.args == (op,) if isinstance(outcome, ValueError) else outcome == op * 10
    assert [op for batch in recorder.batches for op in batch] == ops
    assert recorder.most_running <= max_in_flight
