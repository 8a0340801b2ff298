"""Codes tell nobody who has an account: every address takes the same work and gets the same answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.auth_service.people import AUTH, PASSWORD, Person
from tests.auth_service.test_equal_work import (
    CLEARED_POLLS,
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
TRIES = 3
AWAITED = ("auth ", "redis ", "store code_requests", "store email_claims", "store mailed_codes read")
"""What an answer waits for. The delivery of the mail begins meanwhile, in the background."""
NEW = "staple horse battery"


Seen = tuple[dict[str, int], str]
"""The work for a request, and its answer without what is random."""
MakeAddress = Callable[[CountedShop], Awaitable[str]]


@pytest.fixture
def store_settings(tmp_path: Path) -> dict[str, Any]:
    """SQLite alone: what is counted is the same over each store."""
    return {"elasticsearch_url": "", "sqlite_directory": tmp_path / "store"}


def plain(answer: httpx.Response) -> str:
    headers = sorted((name, len(value)) for name, value in answer.headers.items())
    return f"{answer.status_code} {headers} {_RANDOM.sub('', answer.text)}"


async def observed(shop: CountedShop, path: str, body: dict[str, Any]) -> tuple[Seen, httpx.Response]:
    shop.work.take()
    answer = await shop.client.post(f"{AUTH}{path}", json=body)
    done = {name: count for name, count in shop.work.take().items() if name.startswith(AWAITED)}
    return (done, plain(answer)), answer


def usual(tries: list[Seen]) -> Seen:
    """The least of each count, because work of the background only adds to it, and the most common answer."""
    names = sorted({name for done, _ in tries for name in done})
    work = {name: min(done.get(name, 0) for done, _ in tries) for name in names}
    answers = Counter(answer for _, answer in tries)
    return {name: count for name, count in work.items() if count}, answers.most_common(1)[0][0]


async def seen_by_stranger(shop: CountedShop, purpose: str, make: MakeAddress) -> tuple[Seen, Seen]:
    """What somebody sees who asks for a code, and who uses a wrong one."""
    emails = [await make(shop) for _ in range(TRIES)]
    await shop.work.settle(CLEARED_POLLS)
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
    counted_shop.client.headers["Authorization"] = f"Bearer {ana.access_token}"

    async def seen(make: Callable[[CountedShop], Awaitable[str]]) -> tuple[str, str]:
        counts: Counter[tuple[str, str]] = Counter()
        for email in [await make(counted_shop) for _ in range(3)]:
            body = {"email": email, "password": PASSWORD}
            answer = await counted_shop.client.post(f"{AUTH}/email", json=body)
            headers = sorted((name, len(value)) for name, value in answer.headers.items())
            counts[str(headers), f"{answer.status_code} {_RANDOM.sub('', answer.text)}"] += 1
        return counts.most_common(1)[0][0]

    free = await seen(unknown)
    assert free[1].startswith("202 ")
    assert await seen(known) == free
