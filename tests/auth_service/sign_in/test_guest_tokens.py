"""A guest who registers or signs in: the guest's session ends, and the sign-in never fails for it."""

from __future__ import annotations

from typing import Any

import httpx
import nats
import orjson
import pytest

from auth_service.bootstrap import open_operator_tools
from auth_service.main import create_app
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, PASSWORD, Person, fresh_email
from tests.support.apps import running
from tests.support.clock import MovableClock


async def a_guest(shop: httpx.AsyncClient) -> Person:
    return Person.of(shop, "", (await shop.post(f"{AUTH}/guest")).json())


def sign_ups(person: Person) -> dict[str, dict[str, Any]]:
    """What each route is sent, without the guest's token."""
    return {
        "/register": {"name": "Bo", "email": fresh_email(), "password": PASSWORD},
        "/login": {"email": person.email, "password": PASSWORD},
    }


@pytest.mark.parametrize("route", ["/register", "/login"])
async def test_the_guests_session_ends(ana: Person, route: str) -> None:
    guest = await a_guest(ana.shop)
    body = sign_ups(ana)[route] | {"guest_token": guest.access_token}
    assert (await ana.shop.post(f"{AUTH}{route}", json=body)).status_code in (200, 201)
    assert (await guest.status(), (await guest.refresh()).status_code) == (401, 401)
    again = sign_ups(ana)[route] | {"guest_token": guest.access_token}
    assert (await ana.shop.post(f"{AUTH}{route}", json=again)).status_code in (200, 201)


async def test_a_refused_sign_in_keeps_the_guest(ana: Person) -> None:
    guest = await a_guest(ana.shop)
    body = {"email": ana.email, "password": "wrong password", "guest_token": guest.access_token}
    assert (await ana.shop.post(f"{AUTH}/login", json=body)).status_code == 401
    assert await guest.status() == 200


async def test_an_expired_token_ends_the_session_too(auth_settings: MakeSettings) -> None:
    clock = MovableClock()
    async with running(create_app(auth_settings(), clock=clock)) as shop:
        ana, guest = await Person.registered(shop), await a_guest(shop)
        clock.move(minutes=11)
        body = sign_ups(ana)["/login"] | {"guest_token": guest.access_token}
        assert (await shop.post(f"{AUTH}/login", json=body)).status_code == 200
        assert (await guest.refresh()).status_code == 401


@pytest.mark.parametrize("route", ["/register", "/login"])
async def test_a_token_that_nobody_can_verify_does_no_harm(ana: Person, route: str) -> None:
    for token in ("eyJhbGciOiJFUzI1NiJ9.e30.AAAA", ana.access_token[:-4] + "AAAA"):
        body = sign_ups(ana)[route] | {"guest_token": token}
        assert (await ana.shop.post(f"{AUTH}{route}", json=body)).status_code in (200, 201)
    assert await ana.status() == 200


@pytest.mark.parametrize("route", ["/register", "/login"])
async def test_what_is_no_token_of_a_guest_is_named(ana: Person, route: str) -> None:
    for token in ("", "guest", "a b.c.d", "ä.ö.ü", ana.access_token):
        body = sign_ups(ana)[route] | {"guest_token": token}
        answer = await ana.shop.post(f"{AUTH}{route}", json=body)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/guest_token"]
    assert await ana.status() == 200


async def test_a_guest_who_signs_out_is_deleted_and_one_who_signs_in_is_not(
    ana: Person, nats_url: str
) -> None:
    client = await nats.connect(nats_url)
    left, merged = await a_guest(ana.shop), await a_guest(ana.shop)
    deleted = await client.jetstream().subscribe(f"shop.user.deleted.{left.id}")
    ended = await client.jetstream().subscribe(f"shop.session.ended.{merged.session_id}")
    assert (await left.call("POST", "/logout")).status_code == 204
    event = orjson.loads((await deleted.next_msg(timeout=60)).data)
    assert event["data"]["session_ids"] == [left.session_id]
    body = sign_ups(ana)["/login"] | {"guest_token": merged.access_token}
    await ana.shop.post(f"{AUTH}/login", json=body)
    event = orjson.loads((await ended.next_msg(timeout=60)).data)
    assert event["data"]["reason"] == "signed_in"
    last = await client.jetstream().stream_info("SHOP", subjects_filter=f"shop.user.deleted.{merged.id}")
    assert not last.state.subjects
    await client.close()


async def test_an_operator_is_not_a_guest(shop: httpx.AsyncClient, auth_settings: MakeSettings) -> None:
    async with open_operator_tools(auth_settings()) as operator:
        token = await operator.issue_operator_token([])
    body = {"name": "Bo", "email": fresh_email(), "password": PASSWORD, "guest_token": token}
    assert (await shop.post(f"{AUTH}/register", json=body)).status_code == 422
