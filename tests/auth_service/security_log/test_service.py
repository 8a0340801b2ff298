"""What the use cases write into a log."""

from __future__ import annotations

import asyncio
from functools import partial

from auth_service.clients import Client
from auth_service.security_log.events import UserExported
from auth_service.security_log.model import MAX_REPEATED, Actor
from auth_service.service import AuthService
from shared.security.identity import Identity

EXPORTS = 30


async def test_exports_of_an_hour_are_counted_by_network(auth: AuthService, identity: Identity) -> None:
    log, user_id = auth.security_log, identity.user_id
    exported = partial(UserExported, user_id, by=user_id)
    for network in range(2):
        actor = Actor(user_id, Client(f"2001:db8:0:{network}::1"))
        await asyncio.gather(*(log.record_act(user_id, exported, actor) for _ in range(EXPORTS)))
    entries = [entry for entry in await log.entries(user_id) if entry.type == UserExported.type]
    assert [entry.count for entry in entries] == [EXPORTS, EXPORTS]


async def test_failures_from_everywhere_have_a_part_of_the_log(auth: AuthService, identity: Identity) -> None:
    log, user_id = auth.security_log, identity.user_id
    exported = partial(UserExported, user_id, by=user_id)
    await log.record_act(user_id, exported, Actor(user_id))
    clients = [Client(f"2001:db8:0:{network:x}::1") for network in range(2 * MAX_REPEATED)]
    await asyncio.gather(*(log.record_failure(user_id, "", client, "wrong_code") for client in clients))
    counts = [entry.count for entry in await log.entries(user_id) if entry.reason == "wrong_code"]
    assert (len(counts), sum(counts)) == (MAX_REPEATED, 2 * MAX_REPEATED)
    assert UserExported.type in {entry.type for entry in await log.entries(user_id)}
