"""Codes tell nobody who has an account: every address takes the same work and gets the same answer."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any

import httpx
import pytest

from tests.auth_service.people import AUTH, PASSWORD, Person
from tests.auth_service.test_equal_work import (
    CountedShop,
    counted_shop,
    deleted,
    disabled,
    known,
    unknown,
    unwritten,
)

__all__ = ["counted_shop"]

PURPOSES = ("verify", "reset", "sign_in", "unlock")
_RANDOM = re.compile(r'"(request_id|code_id)":"[^"]*"')
TRIES = 5
CLEARED_SECONDS = 2.0
"""An outbox clears a document that was quiet for so long."""
RECENTLY_WRITTEN = "store security_logs read"
"""A log that was just written is in memory. The logs of nobody are as well, once strangers try."""
_NOBODY = re.compile(r"nobody-[0-9a-f]{2}")
NEW = "staple horse battery"


Seen = tuple[dict[str, int], str]
"""The work for a request, and its answer without what is random."""
MakeAddress = Callable[[CountedShop], Awaitable[str]]


def plain(answer: httpx.Response) -> str:
    headers = sorted((name, len(value)) for name, value in answer.headers.items())
    return f"{answer.status_code} {headers} {_RANDOM.sub('', answer.text)}"


async def until_cleared(shop: CountedShop) -> None:
    """Waits until the outboxes have cleared what they delivered: nothing is written any more."""
    clock = asyncio.get_running_loop()
    written = clock.time()
    while clock.time() - written < 1.5 * CLEARED_SECONDS:
        await asyncio.sleep(0.05)
        if any(name.endswith(" write") for name in shop.work.take()):
            written = clock.time()


async def observed(shop: CountedShop, path: str, body: dict[str, Any]) -> tuple[Seen, httpx.Response]:
    shop.work.take()
    answer = await shop.client.post(f"{AUTH}{path}", json=body)
    done = await shop.work.settle()
    del done[RECENTLY_WRITTEN]
    return ({_NOBODY.sub("*", name): count for name, count in done.items()}, plain(answer)), answer


def usual(tries: list[Seen]) -> Seen:
    """The median of each count, and the most common answer: a replica has work of its own now and then."""
    names = sorted({name for done, _ in tries for name in done})
    work = {name: int(median(done.get(name, 0) for done, _ in tries)) for name in names}
    answers = Counter(answer for _, answer in tries)
    return {name: count for name, count in work.items() if count}, answers.most_common(1)[0][0]


async def seen_by_stranger(shop: CountedShop, purpose: str, make: MakeAddress) -> tuple[Seen, Seen]:
    """What somebody sees who asks for a code, and who uses a wrong one."""
    emails = [await make(shop) for _ in range(TRIES)]
    await until_cleared(shop)
    requests, uses = [], []
    for email in emails:
        request, answer = await observed(shop, "/codes", {"email": email, "purpose": purpose})
        body = {"code_id": answer.json()["code_id"], "code": "BBBB-BBBB", "purpose": purpose, "email": email}
        more = {"new_password": NEW} if purpose == "reset" else {}
        use, _ = await observed(shop, "/codes/use", {**body, **more})
        requests.append(request)
        uses.append(use)
    return usual(requests), usual(uses)


@pytest.mark.parametrize("purpose", PURPOSES)
async def test_no_address_takes_other_work_or_gets_another_answer(
    counted_shop: CountedShop, purpose: str
) -> None:
    expected = await seen_by_stranger(counted_shop, purpose, unknown)
    (work, answer), (_, refusal) = expected
    assert work["store email_claims read"] == 1
    assert work["store mailed_codes write"] == 1
    assert work["store code_requests write"] == 1
    assert answer.startswith("202 ")
    if purpose == "verify":  # without a session no code is looked at
        assert refusal.startswith("401 ")
    else:
        assert refusal.startswith("403 ")
        assert "invalid-code" in refusal
    for make in (known, disabled, deleted, unwritten) if purpose == "reset" else (known,):
        seen = await seen_by_stranger(counted_shop, purpose, make)
        for (work, answer), (expected_work, expected_answer) in zip(seen, expected, strict=True):
            assert work == expected_work, make.__name__
            assert answer == expected_answer, make.__name__


async def test_a_change_to_a_taken_address_looks_like_any_other(counted_shop: CountedShop) -> None:
    ana = await Person.registered(counted_shop.client)
    await until_cleared(counted_shop)
    counted_shop.client.headers["Authorization"] = f"Bearer {ana.access_token}"

    async def seen(make: Callable[[CountedShop], Awaitable[str]]) -> tuple[str, str]:
        counts: Counter[tuple[str, str]] = Counter()
        for email in [await make(counted_shop) for _ in range(3)]:
            await until_cleared(counted_shop)
            body = {"email": email, "password": PASSWORD}
            answer = await counted_shop.client.post(f"{AUTH}/email", json=body)
            headers = sorted((name, len(value)) for name, value in answer.headers.items())
            counts[str(headers), f"{answer.status_code} {_RANDOM.sub('', answer.text)}"] += 1
        return counts.most_common(1)[0][0]

    free = await seen(unknown)
    assert free[1].startswith("202 ")
    assert await seen(known) == free
