"""An answer leaves in one write, and its connection ends even if the client does not take all of it."""

from __future__ import annotations

import asyncio

import pytest

from shared.http.protocol import ServiceTransport
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

    def is_closing(self) -> bool:
        return self.is_closed

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
async def transport(recorder: RecordingTransport) -> ServiceTransport:
    return ServiceTransport(recorder, asyncio.get_running_loop())  # type: ignore[arg-type]


async def test_a_head_and_its_body_leave_in_one_write(
    recorder: RecordingTransport, transport: ServiceTransport
) -> None:
    transport.write(b"head ")
    transport.write(b"body")
    assert recorder.written == [b"head body"]  # already, so the server sees how much is unsent
    await asyncio.sleep(0)
    assert recorder.written == [b"head body"]


async def test_a_head_alone_waits_no_longer_than_a_turn(
    recorder: RecordingTransport, transport: ServiceTransport
) -> None:
    transport.write(b"head")
    await asyncio.sleep(0)
    assert recorder.written == [b"head"]


async def test_pieces_of_a_long_answer_keep_their_order(
    recorder: RecordingTransport, transport: ServiceTransport
) -> None:
    sent = [b"%d " % number for number in range(7)]
    for data in sent:
        transport.write(data)
        if data in (sent[2], sent[3]):
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert b"".join(recorder.written) == b"".join(sent)


async def test_nothing_is_written_to_a_connection_that_the_client_has_ended(
    recorder: RecordingTransport, transport: ServiceTransport
) -> None:
    transport.write(b"head")
    recorder.is_closed = True
    await asyncio.sleep(0)
    assert recorder.written == []


async def test_what_was_written_goes_to_the_client_as_the_connection_ends(
    recorder: RecordingTransport, transport: ServiceTransport
) -> None:
    transport.write(b"head")
    transport.close()
    assert (recorder.written, recorder.is_closed, recorder.is_aborted) == ([b"head"], True, False)


async def test_what_a_client_does_not_take_is_given_up_some_time_after_the_close(
    recorder: RecordingTransport,
) -> None:
    transport = ServiceTransport(recorder, asyncio.get_running_loop(), close_seconds=0.01)  # type: ignore[arg-type]
    recorder.unsent = 1
    transport.close()
    assert not recorder.is_aborted
    await eventually(lambda: recorder.is_aborted)


async def test_everything_else_is_the_transports_own(transport: ServiceTransport) -> None:
    assert transport.get_extra_info("socket") == "the socket"
