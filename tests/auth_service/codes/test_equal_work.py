"""Codes tell nobody who has an account: every address takes the same work and gets the same answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable

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
CLEARED_POLLS = 300
"""Looks without work, after which all events are delivered and cleared."""
NEW = "staple horse battery"


Seen = tuple[dict[str, int], set[str]]
"""All work for some requests, and their answers without what is random."""
MakeAddress = Callable[[CountedShop], Awaitable[str]]


def plain(answer: httpx.Response) -> str:
    headers = sorted((name, len(value)) for name, value in answer.headers.items())
    return f"{answer.status_code} {headers} {_RANDOM.sub('', answer.text)}"


async def seen_by_stranger(shop: CountedShop, purpose: str, make: MakeAddress) -> Seen:
    """What somebody sees who asks for codes and uses wrong ones, and what that makes the shop do. The events
    are delivered and cleared at the end, so nothing of the work is left out."""
    emails = [await make(shop) for _ in range(3)]
    await shop.work.settle(CLEARED_POLLS)
    answers: set[str] = set()
    for email in emails:
        asked = await shop.client.post(f"{AUTH}/codes", json={"email": email, "purpose": purpose})
        body = {"code_id": asked.json()["code_id"], "code": "BBBB-BBBB", "purpose": purpose, "email": email}
        more = {"new_password": NEW} if purpose == "reset" else {}
        used = await shop.client.post(f"{AUTH}/codes/use", json={**body, **more})
        answers |= {plain(asked), plain(used)}
    return dict(await shop.work.settle(CLEARED_POLLS)), answers


@pytest.mark.parametrize("purpose", PURPOSES)
async def test_no_address_takes_other_work_or_gets_another_answer(
    counted_shop: CountedShop, purpose: str
) -> None:
    work, answers = await seen_by_stranger(counted_shop, purpose, unknown)
    assert work["store email_claims read"] == 3
    assert work["store code_requests write"] == 6
    assert work["store security_logs write"] >= 3
    assert sorted(answer[:4] for answer in answers) == ["202 ", "403 "]
    for make in (known, disabled, deleted, unwritten) if purpose == "reset" else (known,):
        assert await seen_by_stranger(counted_shop, purpose, make) == (work, answers), make.__name__


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
