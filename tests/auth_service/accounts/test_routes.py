"""The caller's own account."""

from __future__ import annotations

import asyncio

import httpx
import nats
import orjson
import pytest

from auth_service.main import create_app
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, PASSWORD, Person
from tests.support.apps import running


async def test_renaming(ana: Person) -> None:
    answer = await ana.call("PATCH", "/me", {"name": "Ana María"})
    assert answer.status_code == 200
    assert answer.json()["name"] == "Ana María"
    assert (await ana.call("GET", "/me")).json()["name"] == "Ana María"


async def test_deleting_an_account_frees_its_address(shop: httpx.AsyncClient, ana: Person) -> None:
    phone = await ana.login()
    assert (await ana.call("DELETE", "/me", {"password": PASSWORD})).status_code == 204
    assert [await person.status() for person in (ana, phone)] == [401, 401]
    assert (await phone.refresh()).status_code == 401
    credentials = {"email": ana.email, "password": PASSWORD}
    assert (await shop.post(f"{AUTH}/login", json=credentials)).status_code == 401
    again = await shop.post(f"{AUTH}/register", json={**credentials, "name": "Ana"})
    assert again.status_code == 201
    assert again.json()["user"]["id"] != ana.id


async def test_deleting_an_account_is_told_to_the_other_services(ana: Person, nats_url: str) -> None:
    client = await nats.connect(nats_url)
    subscription = await client.jetstream().subscribe(f"shop.user.deleted.{ana.id}")
    await ana.call("DELETE", "/me", {"password": PASSWORD})
    event = orjson.loads((await subscription.next_msg(timeout=60)).data)
    await client.close()
    assert (event["type"], event["subject"]) == ("shop.user.deleted", ana.id)
    assert event["data"] == {"session_ids": [ana.session_id], "by": ana.id}


async def test_deleting_needs_the_password(ana: Person) -> None:
    answer = await ana.call("DELETE", "/me", {"password": "wrong horse battery"})
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:trolley:problem:wrong-password"
    assert await ana.status() == 200


async def test_deleting_twice_at_once_deletes_once(ana: Person) -> None:
    answers = await asyncio.gather(*(ana.call("DELETE", "/me", {"password": PASSWORD}) for _ in range(4)))
    codes = [answer.status_code for answer in answers]
    assert codes.count(204) == 1
    assert set(codes) <= {204, 401, 404}


async def test_a_new_password_ends_every_other_session(shop: httpx.AsyncClient, ana: Person) -> None:
    phone, new = await ana.login(), "staple horse battery"
    body = {"current_password": PASSWORD, "new_password": new}
    assert (await ana.call("POST", "/password", body)).status_code == 204
    assert (await ana.status(), await phone.status()) == (200, 401)
    assert ((await ana.refresh()).status_code, (await phone.refresh()).status_code) == (200, 401)
    logins = [
        await shop.post(f"{AUTH}/login", json={"email": ana.email, "password": password})
        for password in (PASSWORD, new)
    ]
    assert [answer.status_code for answer in logins] == [401, 200]


async def test_a_new_password_must_be_one(ana: Person) -> None:
    body = {"current_password": PASSWORD, "new_password": "short"}
    answer = await ana.call("POST", "/password", body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/new_password"]


async def test_a_new_password_needs_the_present_one(ana: Person) -> None:
    body = {"current_password": "wrong horse battery", "new_password": PASSWORD}
    assert (await ana.call("POST", "/password", body)).status_code == 403


@pytest.mark.parametrize("password", [PASSWORD, "пароль из букв", "grüße an alle"])
async def test_an_account_can_be_deleted_without_a_body(shop: httpx.AsyncClient, password: str) -> None:
    ana = await Person.registered(shop)
    await ana.call("POST", "/password", {"current_password": PASSWORD, "new_password": password})
    headers = [(b"Authorization", ana.headers["Authorization"].encode())]
    wrong = [*headers, (b"Current-Password", b"wrong horse battery")]
    assert (await shop.delete(f"{AUTH}/me", headers=wrong)).status_code == 403
    right = [*headers, (b"Current-Password", password.encode())]
    assert (await shop.delete(f"{AUTH}/me", headers=right)).status_code == 204
    assert await ana.status() == 401


async def test_the_password_of_the_header_is_never_logged(
    ana: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in (b"a very secret text", b"a very secret text \xff", b"a very secret text" * 300):
        headers = [(b"Authorization", ana.headers["Authorization"].encode()), (b"Current-Password", value)]
        answer = await ana.shop.delete(f"{AUTH}/me", headers=headers)
        assert answer.status_code in (403, 422)
        assert "secret" not in answer.text
    assert "secret" not in capsys.readouterr().out


async def test_an_empty_patch_of_the_profile_changes_nothing(ana: Person) -> None:
    before = (await ana.call("GET", "/me")).json()
    answer = await ana.call("PATCH", "/me", {})
    assert (answer.status_code, answer.json()) == (200, before)


async def test_asking_for_the_password_is_throttled_too(auth_settings: MakeSettings) -> None:
    """A stolen session does not guess the password. Only this session has to wait."""
    async with running(create_app(auth_settings(auth_failures_per_device=3))) as shop:
        ana = await Person.registered(shop)
        elsewhere = await ana.login()
        codes = [
            (await ana.call("DELETE", "/me", {"password": f"wrong horse {attempt}"})).status_code
            for attempt in range(4)
        ]
        assert codes == [403, 403, 403, 429]
        assert (await elsewhere.call("DELETE", "/me", {"password": PASSWORD})).status_code == 204


@pytest.mark.parametrize("path", ["/me", "/sessions", "/users"])
async def test_a_token_is_needed(shop: httpx.AsyncClient, path: str) -> None:
    answer = await shop.get(f"{AUTH}{path}")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
