"""Writing a message into a stream."""

from __future__ import annotations

from collections.abc import Mapping

from shared.events.ports import BusUnavailable, WrongRevision
from shared.jetstream.requests import ApiError, NoStream, read_answer
from shared.jetstream.session import NatsSession

EXPECTED_REVISION = "Nats-Expected-Last-Subject-Sequence"
MESSAGE_ID = "Nats-Msg-Id"

_WRONG_REVISION = frozenset({10071, 10164})


async def write_message(
    session: NatsSession, subject: str, payload: bytes, headers: Mapping[str, str] | None = None
) -> int:
    """Returns its number in the stream once the stream has it. Raises `BusUnavailable`, and `WrongRevision`
    when `EXPECTED_REVISION` is not met."""
    try:
        answer = read_answer(await session.requests.send(subject, payload, headers))
    except NoStream:
        session.end()  # the next session makes the stream again
        raise
    except ApiError as error:
        if error.err_code in _WRONG_REVISION:
            raise WrongRevision(error.description) from error
        raise BusUnavailable(f"NATS refused a message: {error}") from error
    return int(answer["seq"])
