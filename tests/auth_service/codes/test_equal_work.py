"""Codes tell nobody who has an account: every address takes the same work and gets the same answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any

import httpx
import pytest

from tests.auth_service.people import AUTH, PASSWORD, Person
from tests.auth_service.test_equal_work import (
    CLEARED_POLLS,
    TRIES,
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
IDLE_POLLS = 15
NEW = "staple horse battery"


Seen = tuple[dict[str, int], str]
"""The work for a request, and its answer without what is random."""


async def observed(shop: CountedShop, path: str, body: dict[str, Any]) -> tuple[Seen, httpx.Response]:
    shop.work.take()
    answer = await shop.client.post(f"{AUTH}{path}", json=body)
    done = dict(await shop.work.settle(IDLE_POLLS))
    headers = sorted((name, len(value)) for name, value in answer.headers.items())
    return (done, f"{answer.status_code} {headers} {_RANDOM.sub('', answer.text)}"), answer


def usual(tries: list[Seen]) -> Seen:
    """The median of each count, and the most common answer: a replica has work of its own now and then."""
    names = {name for done, _ in tries for name in done}
    work = {name: int(median(done.get(name, 0) for done, _ in tries)) for name in sorted(names)}
    answers = Counter(answer for _, answer in tries)
    return {name: count for name, count in work.items() if count}, answers.most_common(1)[0][0]


async def seen_by(shop: CountedShop, purpose: str, emails: list[str]) -> dict[str, Seen]:
    """What somebody sees who asks for codes, and uses wrong ones."""
    requests: list[Seen] = []
    uses: list[Seen] = []
    for email in emails:
        request, answer = await observed(shop, "/codes", {"email": email, "purpose": purpose})
        body = {"code_id": answer.json()["code_id"], "code": "BBBB-BBBB", "purpose": purpose, "email": email}
        more = {"new_password": NEW} if purpose == "reset" else {}
        use, _ = await observed(shop, "/codes/use", {**body, **more})
        requests.append(request)
        uses.append(use)
    return {"request": usual(requests), "use": usual(uses)}


@pytest.mark.parametrize("purpose", PURPOSES)
async def test_no_address_takes_other_work_or_gets_another_answer(
    counted_shop: CountedShop, purpose: str
) -> None:
    async def seen(make: Callable[[CountedShop], Awaitable[str]]) -> dict[str, Seen]:
        emails = [await make(counted_shop) for _ in range(TRIES)]
        await counted_shop.work.settle(CLEARED_POLLS)
        return await seen_by(counted_shop, purpose, emails)

    expected = await seen(unknown)
    work, answer = expected["request"]
    assert work["store email_claims read"] == 1
    assert work["store mailed_codes write"] == 1
    assert work["store code_requests write"] == 1
    assert answer.startswith("202 ")
    assert expected["use"][1].startswith("403 ")
    assert "invalid-code" in expected["use"][1]
    for make in (known, disabled, deleted, unwritten):
        assert await seen(make) == expected, make.__name__


async def test_a_change_to_a_taken_address_looks_like_any_other(counted_shop: CountedShop) -> None:
    ana = await Person.registered(counted_shop.client)
    await counted_shop.work.settle(CLEARED_POLLS)
    counted_shop.client.headers["Authorization"] = f"Bearer {ana.access_token}"

    async def seen(make: Callable[[CountedShop], Awaitable[str]]) -> tuple[str, str]:
        counts: Counter[tuple[str, str]] = Counter()
        for email in [await make(counted_shop) for _ in range(3)]:
            await counted_shop.work.settle(CLEARED_POLLS)
            body = {"email": email, "password": PASSWORD}
            answer = await counted_shop.client.post(f"{AUTH}/email", json=body)
            headers = sorted((name, len(value)) for name, value in answer.headers.items())
            counts[str(headers), f"{answer.status_code} {_RANDOM.sub('', answer.text)}"] += 1
        return counts.most_common(1)[0][0]

    free = await seen(unknown)
    assert free[1].startswith("202 ")
    assert await seen(known) == free
