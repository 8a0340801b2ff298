"""Dead letters: events that a consumer could not handle, with the reason, until an operator requeues them."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from nats.aio.msg import Msg

from shared.events.ports import BusUnavailable
from shared.ids import new_id
from shared.jetstream.entries import parse_headers
from shared.jetstream.requests import ApiError
from shared.jetstream.session import MESSAGE_ID, NatsSession, write_message
from shared.jetstream.streams import DEAD_PREFIX, SHOP_DEAD

REQUEUED_FOR = "Trolley-Requeued-For"

_REASON = "Trolley-Reason"
_ATTEMPTS = "Trolley-Attempts"
_LONGEST_REASON = 1000
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`sequence` is its number. `time` is that of the last attempt (RFC 3339), `data` the unchanged
    message."""

    sequence: int
    consumer: str
    subject: str
    reason: str
    attempts: int
    time: str
    data: bytes

    @property
    def event_id(self) -> str | None:
        """The event's id; None if the message is not an event."""
        try:
            body = orjson.loads(self.data)
        except orjson.JSONDecodeError:
            return None
        return str(body["id"]) if isinstance(body, dict) and "id" in body else None


async def bury(session: NatsSession, message: Msg, consumer: str, reason: str) -> None:
    """Writes the message to the dead letters. A repeat writes nothing. Raises `BusUnavailable`."""
    metadata = message.metadata
    headers = {
        MESSAGE_ID: f"{consumer}:{metadata.timestamp.timestamp()}:{metadata.sequence.stream}",
        _REASON: reason[:_LONGEST_REASON],
        _ATTEMPTS: str(metadata.num_delivered),
    }
    await write_message(session, f"{DEAD_PREFIX}{consumer}.{message.subject}", message.data, headers)


async def list_dead_letters(session: NatsSession) -> AsyncIterator[DeadLetter]:
    """All dead letters, the oldest first. Raises `BusUnavailable`."""
    sequence = 1
    while letter := await _read(session, {"seq": sequence, "next_by_subj": f"{DEAD_PREFIX}>"}):
        yield letter
        sequence = letter.sequence + 1


async def get_dead_letter(session: NatsSession, sequence: int) -> DeadLetter | None:
    """The dead letter of this number. Raises `BusUnavailable`."""
    return await _read(session, {"seq": sequence})


async def requeue(session: NatsSession, letter: DeadLetter) -> None:
    """Publishes the event again for its consumer; other consumers ignore it. Raises `BusUnavailable`.

    After a failure in between, the dead letter remains. Requeuing it again is harmless.
    """
    # A new message id, because the stream would drop the event's own id as a repeat.
    headers = {MESSAGE_ID: new_id(), REQUEUED_FOR: letter.consumer}
    await write_message(session, letter.subject, letter.data, headers)
    await discard(session, letter)


async def discard(session: NatsSession, letter: DeadLetter) -> None:
    """Removes the dead letter from the stream. Raises `BusUnavailable`."""
    try:
        await session.requests.call(f"STREAM.MSG.DELETE.{SHOP_DEAD}", {"seq": letter.sequence})
    except ApiError as error:
        raise BusUnavailable(f"NATS refused to remove a dead letter: {error}") from error


async def _read(session: NatsSession, wanted: Mapping[str, Any]) -> DeadLetter | None:
    try:
        answer = await session.requests.call(f"STREAM.MSG.GET.{SHOP_DEAD}", wanted)
    except ApiError as error:
        if error.code == _NOT_FOUND:
            return None
        raise BusUnavailable(f"NATS refused to read dead letters: {error}") from error
    return _letter(answer["message"])


def _letter(message: Mapping[str, Any]) -> DeadLetter:
    headers = parse_headers(base64.b64decode(message.get("hdrs", "")))
    # Who may write a subject is decided by NATS, so the subject says whose letter it is, not a header.
    consumer, _, subject = message["subject"].removeprefix(DEAD_PREFIX).partition(".")
    return DeadLetter(
        sequence=message["seq"],
        consumer=consumer,
        subject=subject,
        reason=headers.get(_REASON, ""),
        attempts=int(headers.get(_ATTEMPTS, 0)),
        time=message["time"],
        data=base64.b64decode(message.get("data", "")),
    )
