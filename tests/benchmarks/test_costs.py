"""The processor time of processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from benchmarks.costs import for_each_answer, listener, spent
from tests.support.waiting import eventually

BUSY = "while True: pass"
WITH_BUSY_THREAD = f"import threading; threading.Thread(target=exec, args=({BUSY!r},)).start(); input()"
WITH_BUSY_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"


@pytest.fixture(params=[BUSY, WITH_BUSY_THREAD, WITH_BUSY_CHILD], ids=["itself", "thread", "child"])
def busy(request: pytest.FixtureRequest) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-c", request.param], stdin=subprocess.PIPE, start_new_session=True
    )
    yield process.pid
    os.killpg(process.pid, 9)
    process.communicate()


async def test_the_time_of_threads_and_children_counts(busy: int) -> None:
    at_first = spent(busy)
    await eventually(lambda: spent(busy) > at_first + 500_000)


def test_the_owner_of_an_address_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert listener(f"http://127.0.0.1:{server.getsockname()[1]}") == os.getpid()
    assert listener("http://127.0.0.1:1") is None
    assert listener("") is None


def test_what_one_answer_took() -> None:
    assert for_each_answer({"gateway": 100.0}, {"gateway": 700.0}, 4) == {"gateway": 150.0}
