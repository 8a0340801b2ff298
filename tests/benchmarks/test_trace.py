"""The functions that a request runs through."""

from __future__ import annotations

import asyncio
import re
import threading
from pathlib import Path

import pytest

from benchmarks.trace import Recorder, TracedFunction, trace_all
from shared.addresses import split_addresses
from shared.text import fold, words

ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"


@pytest.fixture(scope="module")
def traces() -> dict[str, list[TracedFunction]]:
    return asyncio.run(trace_all())


def files(steps: list[TracedFunction]) -> list[str]:
    return [step.file for step in steps]


def assert_in_order(steps: list[TracedFunction], *wanted: str) -> None:
    """The first function of each of these files is called in this order."""
    found = [files(steps).index(file) for file in wanted]
    assert found == sorted(found)


def test_the_tour_of_an_add_has_the_order_of_a_real_one(traces: dict[str, list[TracedFunction]]) -> None:
    tour = re.findall(r"^\d+\. `((?:shared|cart_service)\.[\w.]+)`", ARCHITECTURE.read_text(), re.M)
    crossed = [f"{step.module}.{step.function}" for step in traces["add"]]
    assert [stop for stop in tour if stop not in crossed] == []
    assert tour == sorted(tour, key=crossed.index)


def test_the_thread_of_the_store_is_seen(traces: dict[str, list[TracedFunction]]) -> None:
    assert "shared/store/sqlite/writes.py" in files(traces["add"])
    assert "shared/store/sqlite/reads.py" in files(traces["search"])


def test_a_login_hashes_the_password(traces: dict[str, list[TracedFunction]]) -> None:
    assert_in_order(traces["login"], "auth_service/sign_in/routes.py", "auth_service/accounts/passwords.py")


def test_a_recorder_notes_a_function_once_and_in_order() -> None:
    recorder = Recorder()
    recorder.install()
    try:
        words("before the start")
        recorder.start()
        thread = threading.Thread(target=split_addresses, args=("a:1, b:2",))
        for text in ("one", "two"):
            fold(text)
        thread.start()
        thread.join()
        steps = recorder.stop()
    finally:
        recorder.uninstall()
    assert [f"{step.module}.{step.function}" for step in steps] == [
        "shared.text.fold",
        "shared.addresses.split_addresses",
    ]
