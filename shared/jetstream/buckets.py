"""A key-value bucket of NATS JetStream."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Mapping

from nats.aio.msg import Msg

from shared.events.ports import BusUnavailable, Entry, WrongRevision
from shared.jetstream.connection import NatsSessions
from shared.jetstream.entries import DELETED, OPERATION, is_key, parse_headers, read_entry, scan_entries
from shared.jetstream.requests import ApiError, NoStream
from shared.jetstream.session import EXPECTED_REVISION, NatsSession, write_message
from shared.jetstream.watch import BucketWatch

_NOT_FOUND = 404


class NatsBucket:
    """A `Bucket`. With `direct`, reads do not need the leader of the stream; `bucket_stream` decides that."""

    def __init__(self, connection: NatsSessions, name: str, *, direct: bool) -> None:
        self._connection = connection
        self._name = name
        self._prefix = f"$KV.{name}."
        self._direct = direct
        self._read = self._read_direct if direct else self._read_from_leader

    @property
    def name(self) -> str:
        return self._name

    async def get(self, key: str) -> Entry | None:
        """The entry; None if it does not exist, was deleted, or has a malformed key."""
        entry = await self._last(key) if is_key(key) else None
        return entry if entry is not None and entry.value is not None else None

    async def put(self, key: str, value: bytes) -> int:
        return await self._write(key, value, None)

    async def create(self, key: str, value: bytes) -> int:
        try:
            return await self.update(key, value, 0)
        except WrongRevision:
            last = await self._last(key)
            if last is None or last.value is not None:
                raise
        return await self.update(key, value, last.revision)

    async def update(self, key: str, value: bytes, revision: int) -> int:
        return await self._write(key, value, {EXPECTED_REVISION: str(revision)})

    async def delete(self, key: str) -> None:
        await self._write(key, b"", {OPERATION: DELETED})

    async def count(self) -> int:
        session = self._connection.session
        try:
            answer = await session.requests.call(f"STREAM.INFO.KV_{self._name}")
        except ApiError as error:
            raise BusUnavailable(f"NATS refused to describe a bucket: {error}") from error
        return int(answer["state"]["messages"])

    def scan(self) -> AsyncIterator[Entry]:
        return scan_entries(self._connection, self._name)

    async def watch(
        self,
        on_entry: Callable[[Entry], None],
        *,
        replay: bool,
        on_gap: Callable[[], None] = lambda: None,
    ) -> BucketWatch:
        watch = BucketWatch(self._connection, self._name, on_entry, replay, on_gap, direct=self._direct)
        await watch.start()
        return watch

    async def _write(self, key: str, value: bytes, headers: Mapping[str, str] | None) -> int:
        if not is_key(key):
            raise ValueError(f"not a key of a bucket: {key!r}")
        return await write_message(self._connection.session, self._prefix + key, value, headers)

    async def _last(self, key: str) -> Entry | None:
        session = self._connection.session
        try:
            return await self._read(session, key)
        except NoStream:
            session.end()  # the next session creates the bucket again
            raise
        except ApiError as error:
            if error.code == _NOT_FOUND:
                return None
            raise BusUnavailable(f"NATS refused to read a bucket: {error}") from error

    async def _read_direct(self, session: NatsSession, key: str) -> Entry | None:
        reply = await session.requests.send(
            session.requests.subject(f"DIRECT.GET.KV_{self._name}.{self._prefix}{key}")
        )
        headers = reply.headers or {}
        if "Nats-Sequence" not in headers:
            _require_not_found(reply)
            return None
        return read_entry(key, int(headers["Nats-Sequence"]), reply.data, headers)

    async def _read_from_leader(self, session: NatsSession, key: str) -> Entry | None:
        answer = await session.requests.call(
            f"STREAM.MSG.GET.KV_{self._name}", {"last_by_subj": self._prefix + key}
        )
        message = answer["message"]
        headers = parse_headers(base64.b64decode(message.get("hdrs", "")))
        return read_entry(key, message["seq"], base64.b64decode(message.get("data", "")), headers)


def _require_not_found(reply: Msg) -> None:
    status = (reply.headers or {}).get("Status", "")
    if status != str(_NOT_FOUND):
        raise BusUnavailable(f"NATS refused to read a bucket: {status}")
