"""The head and the body of an answer leave in one write."""

from __future__ import annotations

import asyncio

import pytest

from shared.http.protocol import JoiningTransport
from tests.support.waiting import eventually


class Recorder:
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
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def transport(recorder: Recorder) -> JoiningTransport:
    return JoiningTransport(recorder, asyncio.get_running_loop())  # type: ignore[arg-type]


async def test_a_body_goes_with_its_head_at_once(recorder: Recorder, transport: JoiningTransport) -> None:
    transport.write(b"head ")
    assert recorder.written == []
    transport.write(b"body")
    assert recorder.written == [b"head body"]
    await asyncio.sleep(0)
    assert recorder.written == [b"head body"]


@pytest.mark.parametrize("rest", [[], [b""]], ids=["no body", "an empty one"])
async def test_a_head_alone_waits_no_longer_than_a_turn(
    recorder: Recorder, transport: JoiningTransport, rest: list[bytes]
) -> None:
    for data in (b"head", *rest):
        transport.write(data)
    await asyncio.sleep(0)
    assert recorder.written == [b"head"]


async def test_pieces_of_a_long_answer_keep_their_order(
    recorder: Recorder, transport: JoiningTransport
) -> None:
    sent = [b"%d " % number for number in range(7)]
    for data in sent:
        transport.write(data)
        if data in (sent[2], sent[3]):
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert b"".join(recorder.written) == b"".join(sent)


async def test_closing_writes_what_is_held(recorder: Recorder, transport: JoiningTransport) -> None:
    transport.write(b"head")
    transport.close()
    assert (recorder.written, recorder.is_closed) == ([b"head"], True)
    await asyncio.sleep(0)
    assert recorder.written == [b"head"]


async def test_what_a_client_does_not_take_is_given_up_some_time_after_the_close(
    recorder: Recorder,
) -> None:
    transport = JoiningTransport(recorder, asyncio.get_running_loop(), last_word_seconds=0.01)  # type: ignore[arg-type]
    recorder.unsent = 1
    transport.close()
    assert not recorder.is_aborted
    await eventually(lambda: recorder.is_aborted)


async def test_everything_else_is_the_transports_own(transport: JoiningTransport) -> None:
    assert transport.get_extra_info("socket") == "the socket"
