"""Reads entries of buckets, from messages and page by page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress

import nats.errors
import orjson
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from shared.events.ports import BusUnavailable, Entry
from shared.jetstream.connection import NatsSessions
from shared.jetstream.requests import ApiError
from shared.jetstream.session import NatsSession

OPERATION = "KV-Operation"
DELETED = "DEL"

_MARKER = "Nats-Marker-Reason"  # the server sets it if a key has expired
_KEY = re.compile(r"[-/_=.a-zA-Z0-9]+")
_PAGE = 500
_SILENCE_SECONDS = 5
_NANOSECONDS = 1_000_000_000


def is_key(text: str) -> bool:
    """Returns whether a bucket can hold this key."""
    return _KEY.fullmatch(text) is not None and text[0] != "." and text[-1] != "." and ".." not in text


def read_entry(key: str, revision: int, data: bytes, headers: Mapping[str, str] | None) -> Entry:
    """The entry of a message."""
    gone = headers is not None and (OPERATION in headers or _MARKER in headers)
    return Entry(key, revision, None if gone else data)


def parse_headers(raw: bytes) -> dict[str, str]:
    """The header block of a stored message: a line with the version, then `Name: value` lines."""
    lines = raw.decode(errors="replace").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if line)
    return {name.strip(): value.strip() for name, _, value in pairs}


async def scan_entries(connection: NatsSessions, bucket: str) -> AsyncIterator[Entry]:
    """The entries from the oldest revision to the one that is the last at the start. A bucket keeps one
    message for each key, so the next page follows the last revision. Raises `BusUnavailable`."""
    stream, revision = f"KV_{bucket}", 0
    try:
        info = await connection.session.requests.call(f"STREAM.INFO.{stream}")
        last = int(info["state"]["last_seq"])
        while page := await _read_page(connection.session, stream, f"$KV.{bucket}.", revision + 1):
            for entry in page:
                if entry.revision > last:
                    return
                if entry.value is not None:
                    yield entry
            revision = page[-1].revision
    except ApiError as error:
        raise BusUnavailable(f"NATS refused to read the bucket {bucket}: {error}") from error


async def _read_page(session: NatsSession, stream: str, prefix: str, start: int) -> list[Entry]:
    inbox = session.client.new_inbox()
    try:
        subscription = await session.client.subscribe(inbox)
    except nats.errors.Error as error:
        raise BusUnavailable("NATS is away") from error
    try:
        consumer = await _make_consumer(session, stream, start)
        request = orjson.dumps({"batch": _PAGE, "no_wait": True})
        subject = session.requests.subject(f"CONSUMER.MSG.NEXT.{stream}.{consumer}")
        await session.client.publish(subject, request, inbox)
        messages = await _collect(subscription)
        await session.requests.call(f"CONSUMER.DELETE.{stream}.{consumer}")
    except (nats.errors.Error, TimeoutError) as error:
        raise BusUnavailable("NATS went away while a bucket was read") from error
    finally:
        with suppress(nats.errors.Error):
            await subscription.unsubscribe()
    return [_entry(message, prefix) for message in messages]


async def _make_consumer(session: NatsSession, stream: str, start: int) -> str:
    config = {
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": start,
        "ack_policy": "none",
        "max_deliver": 1,
        "inactive_threshold": 30 * _NANOSECONDS,
        "mem_storage": True,
        "num_replicas": 1,
    }
    answer = await session.requests.call(
        f"CONSUMER.CREATE.{stream}", {"stream_name": stream, "config": config}
    )
    return str(answer["name"])


async def _collect(subscription: Subscription) -> list[Msg]:
    """At most the requested number of messages. A message with a status ends them."""
    messages: list[Msg] = []
    while len(messages) < _PAGE:
        async with asyncio.timeout(_SILENCE_SECONDS):
            message = await subscription.next_msg(timeout=_SILENCE_SECONDS)
        if "Status" in (message.headers or {}):
            break
        messages.append(message)
    return messages


def _entry(message: Msg, prefix: str) -> Entry:
    revision = message.metadata.sequence.stream
    return read_entry(message.subject[len(prefix) :], revision, message.data, message.headers)
