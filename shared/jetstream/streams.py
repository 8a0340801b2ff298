"""The streams. A missing stream is created, and one with other settings is changed."""

from __future__ import annotations

import asyncio

from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig

from shared.backoff import backoff
from shared.events.ports import BucketConfig, BusUnavailable
from shared.jetstream.accounts import owner_of
from shared.jetstream.requests import ApiError
from shared.jetstream.session import NatsSession

SHOP = "SHOP"
SHOP_DEAD = "SHOP_DEAD"
DEAD_PREFIX = "dead."

_OTHER_SETTINGS = 10058  # JetStream's error: a stream of this name exists with other settings
_NOT_FOUND = 404
_PATIENCE_SECONDS = 15.0
_DAY = 24 * 3600
_MIB = 1024 * 1024
_DUPLICATE_SECONDS = 120
"""The stream drops events that repeat within this time. Consumers recognise later repeats by the version."""


def shop_streams(replicas: int) -> list[StreamConfig]:
    """The streams of facts and of dead letters. Old messages make room for new ones.

    The number of messages is limited for NATS's memory: it holds about 0.5 KiB for each subject, and most
    facts have a subject of their own.
    """
    return [
        _stream(SHOP, "shop.>", replicas, days=7, mib=1024, messages=500_000),
        _stream(SHOP_DEAD, f"{DEAD_PREFIX}>", replicas, days=30, mib=256, messages=100_000),
    ]


def _stream(name: str, subject: str, replicas: int, *, days: int, mib: int, messages: int) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=[subject],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        storage=StorageType.FILE,
        max_age=days * _DAY,
        max_bytes=mib * _MIB,
        max_msgs=messages,
        duplicate_window=_DUPLICATE_SECONDS,
        num_replicas=replicas,
        allow_direct=True,
    )


def bucket_stream(config: BucketConfig, replicas: int) -> StreamConfig:
    """The stream of a key-value bucket, by NATS's convention (ADR-8), so `nats kv` can read it.

    Only a single copy answers direct reads, because one of several may lag behind an acknowledged write.
    """
    return StreamConfig(
        name=f"KV_{config.name}",
        subjects=[f"$KV.{config.name}.>"],
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_msgs_per_subject=1,
        max_age=config.ttl_seconds,
        duplicate_window=min(config.ttl_seconds or 120, 120),
        num_replicas=replicas,
        allow_direct=replicas == 1,
        allow_rollup_hdrs=True,
        allow_msg_ttl=True,
        deny_delete=True,
    )


async def ensure_stream(session: NatsSession, config: StreamConfig) -> None:
    """Creates the stream, or changes its settings. A repeat, also by other replicas, is harmless.

    Raises `BusUnavailable` if the stream belongs to another account, which has not created it yet.
    """
    if config.name and owner_of(config.name, session.requests.account) != session.requests.account:
        missing = f"{config.name} is missing; the service that it belongs to creates it"
        await wait_for(session, f"STREAM.INFO.{config.name}", missing)
        return
    settings = config.as_dict()
    try:
        await session.requests.call(f"STREAM.CREATE.{config.name}", settings)
    except ApiError as error:
        if error.err_code != _OTHER_SETTINGS:
            raise
        await session.requests.call(f"STREAM.UPDATE.{config.name}", settings)


async def wait_for(session: NatsSession, info: str, missing: str) -> None:
    """Waits a while for what another account makes, because the services start at the same time. `info` is
    the endpoint that finds it. Raises `BusUnavailable` with the message `missing`."""
    delays = backoff(0.05, 0.5)
    give_up_at = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while not await _exists(session, info):
        if asyncio.get_running_loop().time() > give_up_at:
            raise BusUnavailable(missing)
        await asyncio.sleep(next(delays))


async def _exists(session: NatsSession, info: str) -> bool:
    try:
        await session.requests.call(info)
    except ApiError as error:
        if error.code != _NOT_FOUND:
            raise
        return False
    return True
