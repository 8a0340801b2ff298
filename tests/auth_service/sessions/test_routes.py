"""Refreshing, signing out, and how fast that takes effect everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from auth_service.main import create_app
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, Person
from tests.support.apps import running
from tests.support.servers import NatsServer
from tests.support.waiting import eventually


@pytest.fixture
async def replica(shop: httpx.AsyncClient, auth_settings: MakeSettings) -> AsyncIterator[httpx.AsyncClient]:
    """A second replica beside `shop`."""
    async with running(create_app(auth_settings())) as client:
        yield client


async def becomes_refused(person: Person) -> None:
    async def refused() -> bool:
        return await person.status() == 401

    await eventually(refused)


async def test_refreshing_gives_new_tokens_of_the_same_session(ana: Person) -> None:
    answer = await ana.refresh()
    renewed = Person.of(ana.shop, ana.email, answer.json())
    assert answer.status_code == 200
    assert renewed.session_id == ana.session_id
    assert renewed.refresh_token != ana.refresh_token
    assert await renewed.status() == 200
    assert (await renewed.refresh()).status_code == 200


async def test_a_token_two_generations_old_ends_its_session_everywhere(
    ana: Person, replica: httpx.AsyncClient
) -> None:
    renewed = await ana.renewed()
    newest = await renewed.renewed()
    again = await ana.at(replica).refresh()
    assert again.status_code == 401
    assert again.json()["type"] == "urn:trolley:problem:refresh-token-reused"
    for person in (renewed, newest):
        assert (await person.refresh()).status_code == 401
        assert (await person.at(replica).refresh()).status_code == 401
    for person in (ana, newest, newest.at(replica)):
        await becomes_refused(person)
    assert (await ana.login()).session_id != ana.session_id


async def test_parallel_refreshes_with_one_token_all_succeed(ana: Person, replica: httpx.AsyncClient) -> None:
    """Tabs of one browser wake up together, and an answer may be lost on the way. Neither is a theft, and
    ending the session then signs out people who did nothing wrong."""
    people = [ana, ana.at(replica)] * 25
    answers = await asyncio.gather(*(person.refresh() for person in people))
    repeats = await asyncio.gather(*(person.refresh() for person in people[:10]))
    assert [answer.status_code for answer in (*answers, *repeats)] == [200] * 60
    family = [Person.of(ana.shop, ana.email, answer.json()) for answer in (*answers, *repeats)]
    assert {person.session_id for person in family} == {ana.session_id}
    assert len({person.refresh_token for person in family}) == 1
    assert [await person.at(replica).status() for person in family] == [200] * 60
    assert (await family[0].at(replica).refresh()).status_code == 200
    assert len((await family[0].call("GET", "/sessions")).json()["items"]) == 1


async def test_whoever_knows_a_sessions_id_cannot_end_it(ana: Person) -> None:
    known, _, proof = ana.refresh_token.rpartition(".")
    for token in (f"{ana.session_id}.x", f"{ana.session_id}.x.y", f"{known}x.{proof}", f"{known}.é"):
        answer = await ana.shop.post(f"{AUTH}/refresh", json={"refresh_token": token})
        assert answer.status_code == 401
        assert answer.json()["type"] == "urn:trolley:problem:invalid-refresh-token"
    assert await ana.status() == 200
    assert (await ana.refresh()).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "no.such", ".", "a.b.c", "é.x", "0" * 4000 + ".x"])
async def test_a_made_up_refresh_token_is_refused(shop: httpx.AsyncClient, token: str) -> None:
    answer = await shop.post(f"{AUTH}/refresh", json={"refresh_token": token})
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:trolley:problem:invalid-refresh-token"


async def test_signing_out_ends_this_session_at_every_replica(
    ana: Person, replica: httpx.AsyncClient
) -> None:
    phone = await ana.login()
    assert await ana.at(replica).status() == 200
    answer = await ana.call("POST", "/logout")
    assert (answer.status_code, answer.content, answer.headers.get("content-type")) == (204, b"", None)
    assert await ana.status() == 401
    await becomes_refused(ana.at(replica))
    assert (await ana.refresh()).status_code == 401
    assert await phone.at(replica).status() == 200
    assert (await phone.refresh()).status_code == 200


async def test_signing_out_everywhere_ends_every_session(ana: Person, replica: httpx.AsyncClient) -> None:
    devices = [ana, *await asyncio.gather(*(ana.login() for _ in range(5)))]
    assert (await devices[3].at(replica).call("POST", "/logout-all")).status_code == 204
    for device in devices:
        await becomes_refused(device)
        assert (await device.refresh()).status_code == 401
    assert await (await ana.login()).status() == 200


async def test_sign_ins_during_a_sign_out_everywhere_live_or_end_as_a_whole(ana: Person) -> None:
    """A session that signs in at that moment is either ended, token and all, or not touched."""
    results = await asyncio.gather(
        *(ana.login() for _ in range(10)), ana.call("POST", "/logout-all"), *(ana.login() for _ in range(10))
    )
    devices = [result for result in results if isinstance(result, Person)]
    await becomes_refused(ana)

    listed = await (await ana.login()).call("GET", "/sessions")
    ids = {session["id"] for session in listed.json()["items"]}
    assert len(devices) == 20
    for device in devices:
        if device.session_id in ids:
            assert await device.status() == 200
            assert (await device.refresh()).status_code == 200
        else:
            await becomes_refused(device)
            assert (await device.refresh()).status_code == 401


async def test_a_guest_can_sign_out(shop: httpx.AsyncClient) -> None:
    for path in ("/logout", "/logout-all"):
        guest = Person.of(shop, "", (await shop.post(f"{AUTH}/guest")).json())
        assert (await guest.call("POST", path)).status_code == 204
        assert await guest.status() == 401
        assert (await guest.refresh()).status_code == 401


async def test_signing_out_while_nats_is_away_takes_effect_when_it_is_back(
    auth_settings: MakeSettings, nats_server: NatsServer
) -> None:
    settings = auth_settings(nats_url=nats_server.url)
    async with running(create_app(settings)) as shop, running(create_app(settings)) as replica:
        ana = await Person.registered(shop)
        phone = await ana.login()
        assert await ana.at(replica).status() == 200
        nats_server.stop()
        assert (await ana.call("POST", "/logout")).status_code == 204
        assert (await ana.refresh()).status_code == 401
        assert (await phone.call("POST", "/logout-all")).status_code == 204
        assert (await phone.refresh()).status_code == 401
        assert [await ana.status(), await phone.status()] == [401, 401]  # where it was asked, at once
        nats_server.start()
        for person in (ana, phone, ana.at(replica), phone.at(replica)):
            await becomes_refused(person)


async def test_another_replica_delivers_the_sign_out_of_one_that_died(
    auth_settings: MakeSettings, nats_server: NatsServer
) -> None:
    settings = auth_settings(nats_url=nats_server.url)
    async with running(create_app(settings)) as survivor:
        async with running(create_app(settings)) as shop:
            ana = await Person.registered(shop)
            nats_server.stop()
            assert (await ana.call("POST", "/logout")).status_code == 204
        nats_server.start()
        await becomes_refused(ana.at(survivor))


async def test_devices_are_listed_and_can_be_ended(ana: Person) -> None:
    phone = await ana.login()
    listed = (await ana.call("GET", "/sessions")).json()["items"]
    assert [session["id"] for session in listed] == [ana.session_id, phone.session_id]
    assert [session["current"] for session in listed] == [True, False]
    assert (await ana.call("DELETE", f"/sessions/{phone.session_id}")).status_code == 204
    await becomes_refused(phone)
    assert [s["id"] for s in (await ana.call("GET", "/sessions")).json()["items"]] == [ana.session_id]
    assert (await ana.call("DELETE", f"/sessions/{phone.session_id}")).status_code == 404


async def test_nobody_ends_the_session_of_somebody_else(shop: httpx.AsyncClient, ana: Person) -> None:
    eve = await Person.registered(shop)
    assert (await eve.call("DELETE", f"/sessions/{ana.session_id}")).status_code == 404
    assert await ana.status() == 200


async def test_a_guest_lists_their_own_session(shop: httpx.AsyncClient) -> None:
    guest = Person.of(shop, "", (await shop.post(f"{AUTH}/guest")).json())
    listed = (await guest.call("GET", "/sessions")).json()["items"]
    assert [session["id"] for session in listed] == [guest.session_id]


async def test_one_device_too_many_signs_the_oldest_out(auth_settings: MakeSettings) -> None:
    async with running(create_app(auth_settings(auth_sessions_per_user=3))) as shop:
        ana = await Person.registered(shop)
        devices = [ana, *[await ana.login() for _ in range(3)]]
        await becomes_refused(devices[0])
        assert (await devices[0].refresh()).status_code == 401
        assert [await device.status() for device in devices[1:]] == [200] * 3
