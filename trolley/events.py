"""Follows the facts of the shop as they happen."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from shared.clock import to_rfc3339
from shared.events.envelope import Event
from shared.jetstream.feed import Feed, StoredMessage
from shared.jetstream.requests import ApiError
from shared.jetstream.session import NatsSession
from shared.jetstream.streams import SHOP
from trolley.errors import CommandFailed

_PATTERN = re.compile(r"shop(\.[^\s.*>]+|\.\*)*(\.[^\s.*>]+|\.\*|\.>)")
_AGE = re.compile(r"(\d{1,6})([smhd])")
_LONGEST_AGE = timedelta(days=3650)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Fact:
    """A message of the stream, unchanged."""

    subject: str
    body: bytes

    @property
    def event(self) -> Event | None:
        """None if the message is not an event."""
        try:
            return Event.from_json(orjson.loads(self.body))
        except (KeyError, ValueError, TypeError, AttributeError):
            return None


def parse_age(text: str, option: str = "--since") -> timedelta:
    """`5m` as five minutes; also s, h and d. Raises `CommandFailed` for anything else."""
    match = _AGE.fullmatch(text)
    if match is None:
        raise CommandFailed(f"{option} takes a number and s, m, h or d, as in 5m, not {text!r}.")
    age = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if age > _LONGEST_AGE:
        raise CommandFailed(f"{option} takes at most {_LONGEST_AGE.days} days, not {text!r}.")
    return age


async def follow(session: NatsSession, subject: str, age: timedelta | None = None) -> AsyncGenerator[Fact]:
    """The facts from now on, and before them those that are not older than `age`, in order and without end.
    Raises `CommandFailed` if NATS refuses or goes away."""
    if not _PATTERN.fullmatch(subject):
        raise CommandFailed(
            "Subjects of the shop begin with `shop.`, as in shop.cart.> or shop.*.deleted.*, "
            f"not {subject!r}."
        )
    arrived: asyncio.Queue[StoredMessage | None] = asyncio.Queue()
    feed = Feed(session, SHOP, arrived.put_nowait)
    try:
        await feed.open({"filter_subject": subject, **_start(age)})
    except ApiError as error:
        raise CommandFailed(f"NATS does not show {subject}: {error}") from error
    listening = asyncio.create_task(feed.wait_broken())
    listening.add_done_callback(lambda _: arrived.put_nowait(None))
    try:
        while (message := await arrived.get()) is not None:
            yield Fact(message.subject, message.data)
    finally:
        listening.cancel()
        await feed.close()
    raise CommandFailed("NATS went away. Run the command again.")


def _start(age: timedelta | None) -> Mapping[str, Any]:
    if age is None:
        return {"deliver_policy": "new"}
    return {"deliver_policy": "by_start_time", "opt_start_time": to_rfc3339(datetime.now(UTC) - age)}
