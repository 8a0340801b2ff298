"""A session: the time from a connection to NATS that is ready for use to its loss."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from nats.aio.client import Client

from shared.events.ports import BusUnavailable, WrongRevision
from shared.jetstream.requests import ApiError, NoStream, Requests, read_answer

EXPECTED_REVISION = "Nats-Expected-Last-Subject-Sequence"
MESSAGE_ID = "Nats-Msg-Id"

_WRONG_REVISION = frozenset({10071, 10164})


class NatsSession:
    """The objects that are valid while this connection lasts. Consumers and watches start again in each
    session."""

    def __init__(self, client: Client, requests: Requests) -> None:
        self.client = client
        self.requests = requests
        self._ended = asyncio.Event()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def ended(self) -> bool:
        return self._ended.is_set()

    def end(self) -> None:
        """Ends the session: the connection was lost, or a stream or bucket is missing on the server."""
        if self._ended.is_set():
            return
        self._ended.set()
        for callback in self._callbacks:
            callback()
        self._callbacks.clear()

    def on_end(self, callback: Callable[[], None]) -> None:
        """Calls back once when the session ends, or at once if it has ended."""
        if self._ended.is_set():
            callback()
        else:
            self._callbacks.append(callback)

    def forget(self, callback: Callable[[], None]) -> None:
        """Removes a callback of `on_end`."""
        if callback in self._callbacks:
            self._callbacks.remove(callback)

    async def wait_ended(self) -> None:
        await self._ended.wait()


async def write_message(
    session: NatsSession, subject: str, payload: bytes, headers: Mapping[str, str] | None = None
) -> int:
    """Writes a message, and returns its number in the stream. Raises `BusUnavailable`, and `WrongRevision` if
    the key has another revision than `EXPECTED_REVISION`."""
    try:
        answer = read_answer(await session.requests.send(subject, payload, headers))
    except NoStream:
        session.end()  # the next session creates the stream again
        raise
    except ApiError as error:
        if error.err_code in _WRONG_REVISION:
            raise WrongRevision(error.description) from error
        raise BusUnavailable(f"NATS refused a message: {error}") from error
    return int(answer["seq"])
