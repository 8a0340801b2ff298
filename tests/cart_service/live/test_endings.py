"""When a live cart ends, and how many there may be."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from datetime import timedelta

import pytest

from cart_service.live.feed import CartStream, EndReason
from cart_service.live.service import RENDERINGS_AT_ONCE, LiveLimits, NoMoreStreams, TooManyStreams
from tests.cart_service.stage import Stage, reason, shown, version_of, viewer
from tests.support.waiting import eventually


async def test_it_ends_with_the_token_and_with_the_session(stage: Stage) -> None:
    with (
        stage.live.open("ann", viewer(life=10)) as short,
        stage.live.open("ann", viewer(session_id="lost")) as lost,
        stage.live.open("ann", viewer()) as other,
    ):
        for stream in (short, lost, other):
            await shown(stream)
        stage.moment += timedelta(seconds=10)
        stage.ended.add("lost")
        assert await reason(short) is EndReason.TOKEN_EXPIRED
        assert await reason(lost) is EndReason.SESSION_ENDED
        stage.change(2)
        assert await version_of(other) == 2


async def test_whoever_may_not_see_the_cart_any_more_does_not_get_the_change_before(stage: Stage) -> None:
    with stage.live.open("ann", viewer()) as stream:
        await shown(stream)
        stage.change(2)
        await eventually(lambda: stage.reads == 2)
        stream.end(EndReason.SESSION_ENDED)
        assert await reason(stream) is EndReason.SESSION_ENDED


async def test_when_the_service_drains_every_stream_ends_at_once(stage: Stage) -> None:
    with stage.live.open("ann", viewer()) as ann, stage.live.open("bob", viewer("bob")) as bob:
        await shown(ann)
        stage.gate.clear()  # neither does it wait for a store that hangs
        stage.change(2)
        stage.draining.set()
        assert await reason(ann) is await reason(bob) is EndReason.DRAINING
    with stage.live.open("ann", viewer()) as late:
        assert await reason(late) is EndReason.DRAINING


async def test_with_the_account_its_streams_end(stage: Stage) -> None:
    await stage.live.account_deleted("nobody")
    with stage.live.open("ann", viewer()) as ann, stage.live.open("bob", viewer("bob")) as bob:
        await shown(bob)
        await stage.live.account_deleted("ann")
        assert await reason(ann) is EndReason.ACCOUNT_DELETED
        stage.live.cart_changed("bob", 2)
        stage.version = 2
        assert await version_of(bob) == 2


async def test_each_user_and_each_replica_has_so_many(stage: Stage) -> None:
    with ExitStack() as streams:
        for _ in range(3):
            streams.enter_context(stage.live.open("ann", viewer()))
        with pytest.raises(TooManyStreams) as too_many, stage.live.open("bob", viewer()):
            pass
        assert int(too_many.value.headers["Retry-After"]) > 0
        with stage.live.open("ann", viewer("bob")):
            with pytest.raises(NoMoreStreams) as full, stage.live.open("eve", viewer("eve")):
                pass
            assert int(full.value.headers["Retry-After"]) > 0
        with stage.live.open("eve", viewer("eve")) as eve:
            await shown(eve)
    with stage.live.open("ann", viewer()) as ann:
        await shown(ann)


async def test_a_silent_stream_gets_signs_of_life() -> None:
    stage = Stage(LiveLimits(heartbeat_seconds=0))
    with stage.live.open("ann", viewer()) as stream:
        await shown(stream)
        async with asyncio.timeout(60):
            assert [await stream.next(), await stream.next()] == [None, None]
    await stage.close()


async def test_news_for_everybody_are_read_a_few_at_a_time() -> None:
    stage = Stage(LiveLimits(per_user=100))
    stage.gate.clear()
    with ExitStack() as streams:
        opened = [streams.enter_context(stage.live.open(f"user-{n}", viewer())) for n in range(100)]
        await eventually(lambda: stage.reading == RENDERINGS_AT_ONCE)
        stage.gate.set()
        assert [await version_of(stream) for stream in opened] == [1] * 100
    await stage.close()


async def test_a_stream_that_was_closed_leaves_nothing_to_be_read(stage: Stage) -> None:
    stage.products = ["mug"]
    stage.gate.clear()
    with stage.live.open("ann", viewer()):
        await eventually(lambda: stage.reading)
    stage.failures = [ValueError("too late")]
    stage.gate.set()
    await eventually(lambda: not stage.reading)
    stage.live.product_changed("mug")
    stage.change(2)
    stage.live.everything_changed()
    with stage.live.open("ann", viewer()) as stream:
        assert await version_of(stream) == 2
    assert stage.reads == 2


async def test_where_too_much_waits_for_clients_the_slowest_ends() -> None:
    stage = Stage(LiveLimits(most_bytes=1))
    with stage.live.open("ann", viewer()) as slow, stage.live.open("bob", viewer("bob")) as quick:
        await shown(quick)
        await eventually(lambda: slow.held_bytes > 1)
        assert await ending(slow) is EndReason.TOO_SLOW
        assert quick.held_bytes == 0
        stage.live.cart_changed("bob", 2)
        stage.version = 2
        assert await version_of(quick) == 2
    await stage.close()


async def test_what_is_sent_waits_for_room_among_all_streams() -> None:
    stage, taken, sent = Stage(LiveLimits(most_bytes=100)), asyncio.Event(), asyncio.Event()

    async def first() -> None:
        await taken.wait()

    async def second() -> None:
        sent.set()

    with stage.live.open("ann", viewer()) as slow, stage.live.open("bob", viewer("bob")) as other:
        sending = asyncio.create_task(slow.send(first, 60))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(other.send(second, 60))
        await asyncio.sleep(0)
        assert not sent.is_set()
        taken.set()
        await asyncio.gather(sending, waiting)
        assert sent.is_set()
    await stage.close()


async def ending(stream: CartStream) -> EndReason:
    """Why it ends, without taking anything before."""
    await eventually(lambda: stream.has_ended)
    return await reason(stream)
