"""Nobody empties the owner's log by filling it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import Any

import pytest

from auth_service.security_log.model import MAX_ENTRIES, MAX_REPEATED
from tests.auth_service.attempts import GATEWAY
from tests.auth_service.people import AUTH, Person
from tests.support.waiting import eventually

ACTS = MAX_ENTRIES + 5


@pytest.fixture
def networks() -> Iterator[dict[str, str]]:
    """The headers of requests through the gateway, each from another /64."""
    return (GATEWAY | {"X-Forwarded-For": f"2001:db8:0:{number:x}::1"} for number in count(1))


async def give_wrong_code(ana: Person, headers: dict[str, str]) -> None:
    """What a stranger without an account does."""
    body = {"email": ana.email, "purpose": "sign_in"}
    asked = await ana.shop.post(f"{AUTH}/codes", json=body, headers=headers)
    assert asked.status_code == 202, asked.text
    guess = body | {"code_id": asked.json()["code_id"], "code": "BBBB-BBBB"}
    answer = await ana.shop.post(f"{AUTH}/codes/use", json=guess, headers=headers)
    assert answer.status_code == 403, answer.text


async def rename(ana: Person, headers: dict[str, str]) -> None:
    """What a thief of an access token does."""
    answer = await ana.shop.patch(f"{AUTH}/me", json={"name": "Anna"}, headers=headers | ana.headers)
    assert answer.status_code == 200, answer.text


Act = Callable[[Person, dict[str, str]], Awaitable[None]]


async def repeat(act: Act, ana: Person, networks: Iterator[dict[str, str]], times: int) -> None:
    for _ in range(times):
        await act(ana, next(networks))


async def entries_of(ana: Person) -> list[dict[str, Any]]:
    return list((await ana.call("GET", "/security-events")).json()["items"])


def counted(entries: list[dict[str, Any]], type: str) -> tuple[int, int]:
    """The number of entries of the type, and of the acts in them."""
    counts = [entry["count"] for entry in entries if entry["type"] == type]
    return len(counts), sum(counts)


async def when_counted(ana: Person, type: str) -> list[dict[str, Any]]:
    """The log as soon as it has all acts of the type."""

    async def found() -> list[dict[str, Any]] | None:
        entries = await entries_of(ana)
        return entries if counted(entries, type)[1] >= ACTS else None

    entries = await eventually(found)
    assert entries is not None
    return entries


async def test_wrong_codes_from_everywhere_leave_the_other_entries(
    ana: Person, networks: Iterator[dict[str, str]]
) -> None:
    await asyncio.gather(
        repeat(give_wrong_code, ana, networks, ACTS - 100), repeat(give_wrong_code, ana, networks, 100)
    )
    entries = await when_counted(ana, "user.sign_in_failed")
    assert counted(entries, "user.sign_in_failed") == (MAX_REPEATED, ACTS)
    assert counted(entries, "user.registered") == (1, 1)


async def test_names_from_one_network_are_one_entry(ana: Person, networks: Iterator[dict[str, str]]) -> None:
    headers = next(networks)
    await asyncio.gather(*(repeat(rename, ana, iter([headers] * 41), 41) for _ in range(5)))
    entries = await when_counted(ana, "user.renamed")
    assert counted(entries, "user.renamed")[0] == 1
    assert counted(entries, "user.registered") == (1, 1)


async def test_names_and_wrong_codes_from_everywhere_at_once_leave_the_other_entries(
    ana: Person, networks: Iterator[dict[str, str]]
) -> None:
    await asyncio.gather(repeat(rename, ana, networks, ACTS), repeat(give_wrong_code, ana, networks, ACTS))
    await when_counted(ana, "user.sign_in_failed")
    # Events of names come at least once, so more than that may be counted.
    entries = await when_counted(ana, "user.renamed")
    assert counted(entries, "user.sign_in_failed") == (MAX_REPEATED, ACTS)
    assert counted(entries, "user.renamed")[0] == MAX_REPEATED
    assert counted(entries, "user.registered") == (1, 1)
