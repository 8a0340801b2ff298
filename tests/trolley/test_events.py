"""Following the facts of the shop."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import pytest

from shared.jetstream.nats_bus import NatsEventBus
from shared.jetstream.session import NatsSession
from tests.support.events import an_event, running_bus
from tests.support.servers import NatsServer
from trolley.bus import nats_session
from trolley.cli.completion import EVERYTHING, SUBJECTS
from trolley.errors import CommandFailed
from trolley.events import Fact, follow, parse_age

EVENTS_PAGE = Path(__file__).parents[2] / "docs" / "events.md"


@pytest.fixture
async def bus(nats_server: NatsServer) -> AsyncIterator[NatsEventBus]:
    async with running_bus(nats_server.url) as started:
        yield started


@pytest.fixture
async def session(bus: NatsEventBus, nats_server: NatsServer) -> AsyncIterator[NatsSession]:
    async with nats_session({"NATS_URL": nats_server.url}) as opened:
        yield opened


async def test_what_happened_lately_and_what_happens_now_comes_in_order(
    bus: NatsEventBus, session: NatsSession
) -> None:
    earlier, other, now = an_event(), an_event("product.created"), an_event("user.deleted", version=2)
    for event in (earlier, other):
        await bus.publish(event)
    async with aclosing(follow(session, "shop.user.>", timedelta(minutes=1))) as facts:
        assert (await anext(facts)).subject == earlier.subject
        await bus.publish(now)
        fact = await asyncio.wait_for(anext(facts), 60)
        assert (fact.event.id if fact.event else "", fact.subject) == (now.id, now.subject)


async def test_without_an_age_the_past_is_left_out(bus: NatsEventBus, session: NatsSession) -> None:
    await bus.publish(an_event())
    async with aclosing(follow(session, EVERYTHING)) as facts:
        next_one = asyncio.create_task(anext(facts))
        while not next_one.done():  # until the consumer is there, what is published belongs to the past
            await bus.publish(an_event("user.deleted"))
            await asyncio.wait({next_one}, timeout=0.05)
        assert next_one.result().subject.startswith("shop.user.deleted.")


async def test_it_ends_when_nats_goes_away(
    bus: NatsEventBus, session: NatsSession, nats_server: NatsServer
) -> None:
    await bus.publish(an_event())
    async with aclosing(follow(session, EVERYTHING, timedelta(minutes=1))) as facts:
        await anext(facts)
        nats_server.stop()
        with pytest.raises(CommandFailed, match="went away"):
            await anext(facts)


async def test_a_subject_of_others_is_refused(session: NatsSession) -> None:
    with pytest.raises(CommandFailed, match=r"begin with `shop\.`"):
        await anext(follow(session, "dead.>"))


def test_what_is_no_event_is_still_a_fact() -> None:
    for body in (b"nonsense", b"[]", b"{}", b'{"id": "1", "type": 7}'):
        assert Fact("shop.x", body).event is None


def test_ages_are_numbers_with_a_unit() -> None:
    assert parse_age("5m") == timedelta(minutes=5)
    assert parse_age("90s") == timedelta(seconds=90)
    assert parse_age("2d") == timedelta(days=2)
    for nonsense in ("", "5", "m", "-5m", "5 m", "5w", "1.5h"):
        with pytest.raises(CommandFailed, match="as in 5m"):
            parse_age(nonsense)


def test_the_subjects_offered_are_those_of_the_events_page() -> None:
    documented = set(re.findall(r"^\| `\w+` \| `(shop\.\w+)\.", EVENTS_PAGE.read_text(), re.MULTILINE))
    assert {subject.removesuffix(".>") for subject in SUBJECTS} - {"shop"} == documented
