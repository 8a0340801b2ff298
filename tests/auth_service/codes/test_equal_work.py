"""Codes tell nobody who has an account: every address takes the same work and gets the same answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.auth_service.people import AUTH, Person
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
NEW = "staple horse battery"


async def observed(shop: CountedShop, path: str, body: dict[str, Any]) -> tuple[str, str, httpx.Response]:
    """The work for one request, its answer without what is random, and the answer."""
    shop.work.take()
    answer = await shop.client.post(f"{AUTH}{path}", json=body)
    done = await shop.work.settle()
    work = "\n".join(f"{name}: {count}" for name, count in sorted(done.items()))
    headers = sorted((name, len(value)) for name, value in answer.headers.items())
    return work, f"{answer.status_code} {headers} {_RANDOM.sub('', answer.text)}", answer


async def usual(shop: CountedShop, purpose: str, emails: list[str]) -> dict[str, tuple[str, str]]:
    """What most tries see: of a request, and of a wrong code for it."""
    found: dict[str, Counter[tuple[str, str]]] = {"request": Counter(), "use": Counter()}
    for email in emails:
        work, text, answer = await observed(shop, "/codes", {"email": email, "purpose": purpose})
        found["request"][work, text] += 1
        body = {"code_id": answer.json()["code_id"], "code": "BBBB-BBBB", "purpose": purpose, "email": email}
        more = {"new_password": NEW} if purpose == "reset" else {}
        work, text, _ = await observed(shop, "/codes/use", {**body, **more})
        found["use"][work, text] += 1
    return {name: counts.most_common(1)[0][0] for name, counts in found.items()}


@pytest.mark.parametrize("purpose", PURPOSES)
async def test_no_address_takes_other_work_or_gets_another_answer(
    counted_shop: CountedShop, purpose: str
) -> None:
    async def seen(make: Callable[[CountedShop], Awaitable[str]]) -> dict[str, tuple[str, str]]:
        emails = [await make(counted_shop) for _ in range(TRIES)]
        await counted_shop.work.settle(CLEARED_POLLS)
        return await usual(counted_shop, purpose, emails)

    expected = await seen(unknown)
    work, answer = expected["request"]
    assert "store email_claims read: 1" in work
    assert "store mailed_codes write: 1" in work
    assert "store code_requests write: 1" in work
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
            body = {"email": email, "password": "correct horse battery"}
            answer = await counted_shop.client.post(f"{AUTH}/email", json=body)
            headers = sorted((name, len(value)) for name, value in answer.headers.items())
            counts[str(headers), f"{answer.status_code} {_RANDOM.sub('', answer.text)}"] += 1
        return counts.most_common(1)[0][0]

    free = await seen(unknown)
    assert free[1].startswith("202 ")
    assert await seen(known) == free
