"""W3C trace context."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.observability.tracing import (
    continue_trace,
    current_trace_id,
    current_traceparent,
    enter_trace,
    leave_trace,
    new_traceparent,
    parse_traceparent,
)

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"


def test_the_parts_of_a_traceparent() -> None:
    assert parse_traceparent(PARENT) == (TRACE, SPAN, "01")
    assert parse_traceparent(f" {PARENT} ") == (TRACE, SPAN, "01")


def test_a_later_version_may_say_more() -> None:
    assert parse_traceparent(f"01-{TRACE}-{SPAN}-00-more") == (TRACE, SPAN, "00")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        PARENT.upper(),
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}",
    ],
)
def test_what_has_to_be_ignored(header: str) -> None:
    assert parse_traceparent(header) is None
    assert new_traceparent(header)[3:35] != TRACE


@given(st.text())
def test_a_new_one_is_always_valid(parent: str) -> None:
    assert parse_traceparent(new_traceparent(parent)) is not None


def test_a_child_stays_in_the_trace_and_keeps_the_flags() -> None:
    child = parse_traceparent(new_traceparent(f"00-{TRACE}-{SPAN}-00"))
    assert child is not None
    assert (child[0], child[2]) == (TRACE, "00")
    assert child[1] != SPAN


def test_nothing_is_current_outside() -> None:
    assert current_traceparent() is None
    assert current_trace_id() is None
    token = enter_trace(PARENT)
    assert current_trace_id() == TRACE
    leave_trace(token)
    assert current_traceparent() is None


def test_an_event_goes_on_in_its_trace() -> None:
    with continue_trace(PARENT) as own:
        assert current_traceparent() == own
        assert current_trace_id() == TRACE
    assert current_traceparent() is None


def test_an_event_without_a_trace_begins_one() -> None:
    with continue_trace(None) as own:
        assert parse_traceparent(own) is not None


def test_a_failure_leaves_the_trace() -> None:
    with pytest.raises(LookupError), continue_trace(PARENT):
        raise LookupError
    assert current_traceparent() is None


async def test_tasks_have_traces_of_their_own() -> None:
    async def work() -> str | None:
        with continue_trace(None):
            await asyncio.sleep(0)
            return current_trace_id()

    first, second = await asyncio.gather(work(), work())
    assert first != second
