"""What the shop keeps about a person: all of it is exported, and nothing is left after the deletion."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import orjson
import pytest

import auth_service.main
import cart_service.main
from auth_service.settings import AuthSettings
from cart_service.settings import CartSettings
from tests.api.people import ACCOUNT, ADDRESS, AUTH, CART, LOGIN, WORDS, Shop, a_full_cart, documents, traces
from tests.api.services import CHEAP, PATIENT
from tests.cart_service.conftest import Catalogue
from tests.support.apps import running
from tests.support.servers import NatsServer
from tests.support.waiting import eventually


@pytest.fixture
async def shop(
    store_settings: dict[str, Any], nats_server: NatsServer, redis_url: str
) -> AsyncIterator[Shop]:
    settings = {**store_settings, "nats_url": nats_server.url, "redis_url": redis_url}
    secret = {"gateway_secret": "the gateway's secret of a test"}
    auth = auth_service.main.create_app(AuthSettings(**settings, **secret, **CHEAP, **PATIENT))
    cart = cart_service.main.create_app(CartSettings(**settings, cart_events_tickets_per_minute=1000))
    headers = {
        "User-Agent": WORDS["agent"],
        "X-Forwarded-For": ADDRESS,
        "X-Gateway-Secret": secret["gateway_secret"],
    }
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(running(app)) for app in (auth, cart)]
        yield Shop(*clients, settings, nats_server.url, redis_url, headers)


async def test_an_export_has_what_every_service_keeps(shop: Shop) -> None:
    products = [await Catalogue(shop.nats_url).put() for _ in range(3)]
    person = await shop.sign("/register", ACCOUNT)
    await shop.knows(person)
    await a_full_cart(person, products)
    answer = await person.call("GET", f"{AUTH}/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "attachment" in answer.headers["content-disposition"]
    export = answer.json()
    assert export["account"] == export["account"] | {
        "id": person.id,
        "name": WORDS["name"],
        "email": WORDS["email"],
        "email_verified": False,
        "role": "customer",
    }
    assert [session["user_agent"] for session in export["sessions"]] == [WORDS["agent"]]
    events = {event["type"]: event for event in export["security_events"]}
    assert events["user.exported"]["address"] == ADDRESS
    kept = export["services"]["cart"]["cart"]
    assert [line["product_id"] for line in kept["lines"]] == [products[2]]
    assert [line["product_id"] for line in kept["saved"]] == [products[0]]
    assert {line["product_id"] for line in kept["undo"]["lines"]} == set(products[:2])
    assert export["services"]["cart"]["promo_code_uses"] == []
    for secret in ("argon2", "hash", "digest", person.token, person.session["refresh_token"]):
        assert secret not in answer.text


async def test_a_guest_exports_the_cart(shop: Shop) -> None:
    guest = await shop.sign("/guest")
    await shop.knows(guest)
    product = await Catalogue(shop.nats_url).put()
    await guest.call("POST", f"{CART}/items", {"product_id": product})
    export = (await guest.call("GET", f"{AUTH}/export")).json()
    assert (export["account"]["email"], export["account"]["role"]) == (None, "guest")
    assert export["services"]["cart"]["cart"]["lines"][0]["product_id"] == product
    assert export["security_events"] == []


async def test_an_export_without_the_cart_is_refused_and_names_it(
    store_settings: dict[str, Any], nats_server: NatsServer, redis_url: str
) -> None:
    settings = {**store_settings, "nats_url": nats_server.url, "redis_url": redis_url}
    app = auth_service.main.create_app(AuthSettings(**settings, **CHEAP, **PATIENT))
    async with running(app) as client:
        session = (await client.post(f"{AUTH}/register", json=ACCOUNT)).json()
        headers = {"Authorization": f"Bearer {session['access_token']}"}
        answer = await client.get(f"{AUTH}/export", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:trolley:problem:export-unavailable")
    assert answer.json()["service"] == "cart"
    assert answer.headers["retry-after"]


async def test_the_cart_of_a_guest_is_merged_after_the_sign_in_that_ended_the_guest(shop: Shop) -> None:
    guest = await shop.sign("/guest")
    await shop.knows(guest)
    product = await Catalogue(shop.nats_url).put()
    await guest.call("POST", f"{CART}/items", {"product_id": product})
    person = await shop.sign("/register", ACCOUNT | {"guest_token": guest.token})

    async def refused() -> bool:
        return (await guest.call("GET", CART)).status_code == 401

    await eventually(refused)
    merged = await person.call("POST", f"{CART}/merge", {"guest_token": guest.token})
    assert merged.status_code == 200, merged.text
    assert [line["product_id"] for line in merged.json()["cart"]["items"]] == [product]


async def test_the_cart_of_a_guest_who_signed_out_is_gone(shop: Shop) -> None:
    guest = await shop.sign("/guest")
    await shop.knows(guest)
    await guest.call("POST", f"{CART}/items", {"product_id": await Catalogue(shop.nats_url).put()})
    assert (await guest.call("POST", f"{AUTH}/logout")).status_code == 204

    async def gone() -> bool:
        return f"carts/{guest.id}" not in await documents(shop)

    await eventually(gone)


async def test_an_administrators_change_of_a_cart_is_in_the_owners_log(shop: Shop) -> None:
    admin, person = await shop.admin(), await shop.sign("/register", ACCOUNT)
    await shop.knows(admin)
    body = {"product_id": await Catalogue(shop.nats_url).put()}
    answer = await admin.call("POST", f"{CART}/items", body, On_Behalf_Of=person.id)
    assert answer.status_code == 200, answer.text

    async def told() -> list[str]:
        events = (await person.call("GET", f"{AUTH}/security-events")).json()["items"]
        return [event["by"] for event in events if event["type"] == "cart.changed_on_behalf"]

    assert await eventually(told) == [admin.id]


async def test_a_deleted_person_leaves_no_word_anywhere(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    products = [await Catalogue(shop.nats_url).put() for _ in range(3)]
    admin = await shop.admin()
    guest = await shop.sign("/guest")
    await shop.knows(guest)
    await guest.call("POST", f"{CART}/items", {"product_id": products[2]})
    person = await shop.sign("/register", ACCOUNT | {"guest_token": guest.token})
    await person.call("POST", f"{CART}/merge", {"guest_token": guest.token})
    await a_full_cart(person, products)
    await person.call("GET", f"{CART}/summary")
    phone, tablet = await shop.sign("/login", LOGIN), await shop.sign("/login", LOGIN)
    await shop.auth.post(f"{AUTH}/login", json=LOGIN | {"password": "wrong password"}, headers=shop.headers)
    await phone.call("PATCH", f"{AUTH}/me", {"name": WORDS["name"] + " II"})
    await phone.call("GET", f"{AUTH}/export")
    await tablet.call("POST", f"{AUTH}/logout")
    await admin.call("POST", f"{CART}/items", {"product_id": products[0]}, On_Behalf_Of=person.id)
    await admin.call("GET", f"{AUTH}/users?email={WORDS['email']}")
    await admin.call("PATCH", f"{AUTH}/users/{person.id}", {"disabled": True})
    await admin.call("PATCH", f"{AUTH}/users/{person.id}", {"disabled": False})
    last = await shop.sign("/login", LOGIN)
    asked = {"email": "wilhelmina@elsewhere.example", "password": WORDS["password"]}
    assert (await last.call("POST", f"{AUTH}/email", asked)).status_code == 202
    for purpose in ("verify", "reset", "sign_in"):
        await last.call("POST", f"{AUTH}/codes", {"email": WORDS["email"], "purpose": purpose})
    assert await traces(shop, "")  # there is something to find
    deleted = await last.call("DELETE", f"{AUTH}/me", {"password": WORDS["password"]})
    assert deleted.status_code == 204, deleted.text
    log = ""

    async def forgotten() -> bool:
        nonlocal log
        log += capsys.readouterr().out
        left = await traces(shop, log)
        assert not left, left[:5]
        return True

    await eventually(forgotten)
    everything = await documents(shop)
    assert not any(id in everything for id in (f"carts/{person.id}", f"carts/{guest.id}"))
    shell = everything[f"users/{person.id}"]
    assert {name for name, value in shell.items() if value not in ("", [], None, False)} <= {
        *("role", "created_at", "updated_at", "version", "deleted", "credentials_version"),
        *("access_version", "devices_from", "pending_events", "pending_since"),
    }
    for product in products:  # nor what was in the cart, nor in that of the guest
        assert product not in orjson.dumps(everything).decode()
