"""A connection ends, whether or not the client takes the end of its answer."""

from __future__ import annotations

import asyncio

import pytest

from shared.http.protocol import ClosingTransport
from tests.support.waiting import eventually


class RecordingTransport:
    """A transport."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = self.is_aborted = False
        self.unsent = 0

    def write(self, data: bytes) -> None:
        assert not self.is_closed
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_aborted = True

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


@pytest.fixture
def recorder() -> RecordingTransport:
    return RecordingTransport()


@pytest.fixture
async def transport(recorder: RecordingTransport) -> ClosingTransport:
    return ClosingTransport(recorder, asyncio.get_running_loop())  # type: ignore[arg-type]


async def test_what_was_written_goes_to_the_client_as_the_connection_ends(
    recorder: RecordingTransport, transport: ClosingTransport
) -> None:
    transport.write(b"head")
    transport.close()
    assert (recorder.written, recorder.is_closed, recorder.is_aborted) == ([b"head"], True, False)


async def test_what_a_client_does_not_take_is_given_up_some_time_after_the_close(
    recorder: RecordingTransport,
) -> None:
    transport = ClosingTransport(recorder, asyncio.get_running_loop(), close_seconds=0.01)  # type: ignore[arg-type]
    recorder.unsent = 1
    transport.close()
    assert not recorder.is_aborted
    await eventually(lambda: recorder.is_aborted)


async def test_everything_else_is_the_transports_own(transport: ClosingTransport) -> None:
    assert transport.get_extra_info("socket") == "the socket"
