"""Background tasks by name."""

from __future__ import annotations

import asyncio

from shared.tasks import BackgroundTasks, cancel_all
from tests.support.waiting import eventually


async def test_running_tasks_are_listed_by_name() -> None:
    tasks = BackgroundTasks()
    second = tasks.start("b", asyncio.sleep(3600))
    first = tasks.start("a", asyncio.sleep(3600))
    assert tasks.names == ["a", "b"]
    assert second.get_name() == "b"
    await cancel_all([first, second])
    assert tasks.names == []


async def test_a_task_that_failed_is_not_listed() -> None:
    async def fail() -> None:
        raise ValueError("on purpose")

    tasks = BackgroundTasks()
    failed = tasks.start("a", fail())
    await eventually(lambda: tasks.names == [])
    await cancel_all([failed])


async def test_a_task_runs_until_the_block_ends() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    tasks = BackgroundTasks()
    async with tasks.running("a", work()):
        await asyncio.sleep(0)
        assert tasks.names == ["a"]
    assert tasks.names == []
    assert ended.is_set()
