"""Nobody learns from an answer whether an account exists: an unknown address takes the same work as a known
one, counted and not timed, and gets the same answer to the byte. For codes see `codes/test_equal_work.py`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from auth_service.bootstrap import open_operator_tools
from auth_service.main import create_app
from shared.ids import new_id
from shared.security.identity import Role
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, PASSWORD, Person, fresh_email
from tests.support.apps import running
from tests.support.work import Work, counted_work

TRIES = 3
CLEARED_POLLS = 60
"""Looks without work, after which the events of new accounts are delivered and cleared."""
NOT_COUNTED = {
    "store security_logs read",
    *(f"store {name} find" for name in ("users", "sessions", "security_logs", "mailed_codes", "notices")),
}
"""The log of an account that was used a moment ago is still in memory, so its delivery does not read it. Each
outbox has a relay that looks every few seconds; a busy machine sees it in most tries."""
CLEARED_LATER = "store security_logs write"
"""An event is cleared by a write of its own, two seconds later, which may fall into the next try: so only
whether it was written counts."""
_RANDOM = re.compile(r'"request_id":"[^"]*"')


@dataclass(frozen=True)
class CountedShop:
    """A replica whose work is counted. `admin` are the headers of an administrator."""

    client: httpx.AsyncClient
    work: Work
    admin: Mapping[str, str]

    async def change(self, user_id: str, body: Any) -> None:
        answer = await self.client.patch(f"{AUTH}/users/{user_id}", json=body, headers=self.admin)
        assert answer.status_code == 200, answer.text


@pytest.fixture
def store_settings(tmp_path: Path) -> dict[str, Any]:
    """SQLite alone: what is counted is the same over each store."""
    return {"elasticsearch_url": "", "sqlite_directory": tmp_path / "store"}


@pytest.fixture
async def counted_shop(
    auth_settings: MakeSettings, redis_url: str, nats_url: str
) -> AsyncIterator[CountedShop]:
    async with counted_work(redis_url, nats_url) as (redis, nats, begin):
        settings = auth_settings(
            redis_url=redis, nats_url=nats, auth_sign_ups_per_minute=0, auth_failures_per_account=10**6
        )
        email = fresh_email()
        async with open_operator_tools(settings) as operator:
            await operator.create_user("Root", email, PASSWORD, Role.ADMIN)
        async with running(create_app(settings)) as client:
            admin = await Person(client, email, "", "", "").login()
            yield CountedShop(client, begin(), admin.headers)


async def unknown(_: CountedShop) -> str:
    return f"{new_id()}@example.com"


async def known(shop: CountedShop) -> str:
    return (await Person.registered(shop.client)).email


async def disabled(shop: CountedShop) -> str:
    person = await Person.registered(shop.client)
    await shop.change(person.id, {"disabled": True})
    return person.email


async def deleted(shop: CountedShop) -> str:
    person = await Person.registered(shop.client)
    assert (await person.call("DELETE", "/me", {"password": PASSWORD})).status_code == 204
    return person.email


async def unwritten(_: CountedShop) -> str:
    """A text of the same length that is not an address."""
    return f"{new_id()}.example.com"


MakeAddress = Callable[[CountedShop], Awaitable[str]]
ADDRESSES: list[MakeAddress] = [known, disabled, deleted]
Request = Callable[[str], dict[str, Any]]

ROUTES: dict[str, Request] = {
    "/login": lambda email: {"json": {"email": email, "password": "not my password"}},
    "/login with an impossible password": lambda email: {"json": {"email": email, "password": "x"}},
    "/token": lambda email: {
        "data": {"grant_type": "password", "username": email, "password": "not my password"}
    },
}


async def observed(shop: CountedShop, route: str, request: dict[str, Any]) -> tuple[str, str]:
    """The work for one request, and its answer without what is random in it."""
    shop.work.take()
    answer = await shop.client.post(f"{AUTH}{route.partition(' ')[0]}", **request)
    done = await shop.work.settle()
    done[CLEARED_LATER] = min(done[CLEARED_LATER], 1)
    counted = sorted((name, count) for name, count in done.items() if count and name not in NOT_COUNTED)
    work = "\n".join(f"{name}: {count}" for name, count in counted)
    headers = sorted((name, len(value)) for name, value in answer.headers.items())
    return work, f"{answer.status_code} {headers} {_RANDOM.sub('', answer.text)}"


async def usual(shop: CountedShop, route: str, make: MakeAddress) -> tuple[str, str]:
    """Most of some tries: a replica has work of its own now and then."""
    emails = [await make(shop) for _ in range(TRIES)]
    await shop.work.settle(CLEARED_POLLS)
    tries = [await observed(shop, route, ROUTES[route](email)) for email in emails]
    return Counter(tries).most_common(1)[0][0]


@pytest.mark.parametrize("route", ROUTES)
async def test_no_address_takes_other_work_or_gets_another_answer(
    counted_shop: CountedShop, route: str
) -> None:
    work, answer = await usual(counted_shop, route, unknown)
    assert "store email_claims read: 1" in work
    assert "store users read: 1" in work
    assert "auth verify: 1" in work
    for make in ADDRESSES:
        assert await usual(counted_shop, route, make) == (work, answer), make.__name__


@pytest.mark.parametrize("route", ROUTES)
async def test_a_text_that_is_no_address_gets_the_same_answer(counted_shop: CountedShop, route: str) -> None:
    """Everybody can tell it from an address, so its work may differ."""
    _, answer = await usual(counted_shop, route, unknown)
    assert (await usual(counted_shop, route, unwritten))[1] == answer


async def test_work_is_seen(counted_shop: CountedShop) -> None:
    """A right password takes other work than a wrong one. If these counts were equal, they would be blind."""
    person = await Person.registered(counted_shop.client)
    await counted_shop.work.settle()
    await person.login()
    done = await counted_shop.work.settle()
    assert done["store sessions write"] == 1
    assert done["auth verify"] == 1
    assert sum(count for name, count in done.items() if name.startswith("redis")) > 0
    assert (await person.call("POST", "/logout")).status_code == 204
    assert (await counted_shop.work.settle())["shop.session.ended.*"] == 1
