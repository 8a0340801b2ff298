"""A child process: its output, its end, and the end of its own children."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.waiting import eventually
from trolley.local.process import ManagedProcess, Program
from trolley.local.supervisor import Supervisor

WAIT_FOR_EVER = "import time\nprint('up', flush=True)\nwhile True: time.sleep(60)"
IGNORE_TERM = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{WAIT_FOR_EVER}"
SAY_BYE = f"""
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('bye')))
{WAIT_FOR_EVER}
"""
WITH_CHILD = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {WAIT_FOR_EVER!r}], stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
child.wait()
"""


class Lines:
    """The lines that processes wrote."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    def __call__(self, name: str, line: str) -> None:
        self._queue.put_nowait((name, line))

    async def next(self) -> tuple[str, str]:
        return await asyncio.wait_for(self._queue.get(), 60)


@pytest.fixture
def lines() -> Lines:
    return Lines()


def program(script: str, *, quiet: bool = False) -> Program:
    return Program("worker", [sys.executable, "-c", script], dict(os.environ), Path.cwd(), quiet)


async def started(script: str, lines: Lines, *, quiet: bool = False) -> ManagedProcess:
    process = ManagedProcess(program(script, quiet=quiet), lines)
    await process.start()
    return process


def exists(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_it_hands_on_what_the_program_writes(lines: Lines) -> None:
    process = await started("import sys; print('one'); print('two', file=sys.stderr)", lines)
    assert {await lines.next(), await lines.next()} == {("worker", "one"), ("worker", "two")}
    assert await process.wait() == 0
    assert not process.running


async def test_a_quiet_program_is_kept_for_the_error_message_only(lines: Lines) -> None:
    process = await started("print('why it failed')", lines, quiet=True)
    await process.wait()
    await process.stop(5)
    assert list(process.tail) == ["why it failed"]


async def test_stop_asks_first(lines: Lines) -> None:
    process = await started(SAY_BYE, lines)
    assert await lines.next() == ("worker", "up")
    await process.stop(20)
    assert await lines.next() == ("worker", "bye")


async def test_stop_kills_what_does_not_listen(lines: Lines) -> None:
    process = await started(IGNORE_TERM, lines)
    assert await lines.next() == ("worker", "up")
    await process.stop(0.1)
    assert not process.running


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_what_it_started_ends_with_it(lines: Lines) -> None:
    process = await started(WITH_CHILD, lines)
    child = int((await lines.next())[1])
    assert exists(child)
    await process.kill()
    assert not process.running
    for _ in range(200):
        if not exists(child):
            break
        await asyncio.sleep(0.02)
    assert not exists(child)


async def test_it_can_be_started_again(lines: Lines) -> None:
    process = await started(WAIT_FOR_EVER, lines)
    await lines.next()
    first = process.pid
    await process.kill()
    await process.start()
    assert await lines.next() == ("worker", "up")
    assert process.pid != first
    await process.kill()


async def test_stopping_twice_does_nothing(lines: Lines) -> None:
    process = await started(WAIT_FOR_EVER, lines)
    await process.kill()
    await process.stop(1)
    assert not process.running


async def test_a_crashed_process_is_started_again_with_a_line_about_it(lines: Lines) -> None:
    supervisor = Supervisor(lines)
    process = await started("print('up'); raise SystemExit(3)", lines)
    supervisor.watch(process)
    assert await lines.next() == ("worker", "up")
    assert await lines.next() == ("worker", "ended with status 3; starting it again in 0.5 s")
    assert await lines.next() == ("worker", "up")
    assert await lines.next() == ("worker", "ended with status 3; starting it again in 1 s")
    await supervisor.close()


async def test_a_dismissed_process_stays_down(lines: Lines) -> None:
    supervisor = Supervisor(lines)
    process = await started(WAIT_FOR_EVER, lines)
    supervisor.watch(process)
    await lines.next()
    await supervisor.dismiss(process)
    await process.kill()
    assert not process.running
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lines.next(), 0.8)


async def test_what_cannot_be_started_again_is_told_tried_again_and_dismissed(
    lines: Lines, tmp_path: Path
) -> None:
    command = tmp_path / "worker"
    command.symlink_to("/bin/echo")
    supervisor = Supervisor(lines)
    process = ManagedProcess(replace(program(""), command=[str(command), "up"]), lines)
    await process.start()
    command.unlink()
    supervisor.watch(process)
    assert await lines.next() == ("worker", "up")
    assert "ended with status 0" in (await lines.next())[1]
    assert re.match("cannot be started .*; trying again in 1 s", (await lines.next())[1])
    await supervisor.dismiss(process)
    await process.stop(1)


async def test_a_line_without_measure_is_left_out_and_nothing_else(lines: Lines) -> None:
    process = await started("print('x' * 3_000_000); print('after')", lines)
    seen = []
    while not seen or seen[-1] != "after":
        seen.append((await lines.next())[1])
    assert "too long" in seen[0]
    assert max(map(len, seen)) < 2_000_000
    await process.stop(5)
    assert not process.running


async def test_a_reader_that_failed_does_not_keep_a_process_from_being_ended() -> None:
    def broken(_name: str, _line: str) -> None:
        raise OSError("nobody reads this any more")

    process = ManagedProcess(program(WAIT_FOR_EVER), broken)
    await process.start()
    await eventually(lambda: process.tail)
    await process.stop(20)
    assert not process.running
