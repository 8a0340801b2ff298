"""The owner's log of security events."""

from __future__ import annotations

from typing import Any

import httpx
import nats

from auth_service.security_log.store import SECURITY_LOGS
from shared.clock import SystemClock
from shared.events.contracts import CartChangedOnBehalf
from shared.store.factory import create_store_factory
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.mailed_codes import Codes
from tests.auth_service.people import AUTH, PASSWORD, Person, fresh_email
from tests.support.events import running_bus
from tests.support.waiting import eventually


async def log_of(person: Person) -> list[dict[str, Any]]:
    answer = await person.call("GET", "/security-events")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return list(answer.json()["items"])


async def find(person: Person, type: str) -> dict[str, Any]:
    """The newest entry of the type, once it is there."""

    async def found() -> dict[str, Any] | None:
        return next((entry for entry in await log_of(person) if entry["type"] == type), None)

    entry = await eventually(found)
    assert entry is not None
    return entry


async def test_an_owner_sees_the_own_changes_and_where_they_came_from(ana: Person) -> None:
    headers = {**ana.headers, "User-Agent": "Ana's browser", "X-Forwarded-For": "192.0.2.7"}
    await ana.shop.patch(f"{AUTH}/me", json={"name": "Anna"}, headers=headers)
    entry = await find(ana, "user.renamed")
    assert entry == entry | {"by": ana.id, "user_agent": "Ana's browser", "count": 1, "reason": None}
    assert entry["address"]
    change = {"current_password": PASSWORD, "new_password": "another horse battery"}
    assert (await ana.call("POST", "/password", change)).status_code == 204
    assert (await find(ana, "user.signed_out"))["reason"] == "password_changed"
    assert [entry["at"] for entry in await log_of(ana)] == sorted(
        (entry["at"] for entry in await log_of(ana)), reverse=True
    )


async def test_a_browser_is_shown_without_control_characters(ana: Person) -> None:
    headers = {"User-Agent": b"x\x9b31m \x85y"}
    await ana.shop.post(f"{AUTH}/login", json={"email": ana.email, "password": PASSWORD}, headers=headers)
    sessions = (await ana.call("GET", "/sessions")).json()["items"]
    assert [each["user_agent"] for each in sessions if each["user_agent"].startswith("x")] == ["x31m y"]
    assert (await find(ana, "user.signed_in"))["user_agent"] == "x31m y"


async def test_an_owner_sees_sign_ins_and_failures(ana: Person) -> None:
    assert (await find(ana, "user.registered"))["by"] == ana.id
    for _ in range(3):
        body = {"email": ana.email, "password": "wrong password"}
        await ana.shop.post(f"{AUTH}/login", json=body, headers={"User-Agent": "a thief"})
    failed = await find(ana, "user.sign_in_failed")
    assert failed == failed | {"count": 3, "by": None, "reason": "wrong_password", "user_agent": "a thief"}
    assert failed["address"]
    phone = await ana.login()
    assert (await find(ana, "user.signed_in"))["reason"] == "password"
    await phone.call("POST", "/logout")
    ended = await find(ana, "session.ended")
    assert (ended["by"], ended["reason"]) == (ana.id, "logout")
    await ana.call("DELETE", "/me", {"password": "wrong password"})
    assert (await find(ana, "user.sign_in_failed"))["reason"] == "not_confirmed"


async def test_a_failure_for_an_unknown_account_keeps_nothing_of_the_client(
    shop: httpx.AsyncClient, auth_settings: MakeSettings
) -> None:
    body = {"email": fresh_email(), "password": PASSWORD}
    await shop.post(f"{AUTH}/login", json=body, headers={"User-Agent": "a guesser"})
    factory = create_store_factory(auth_settings())
    store = await factory.open(SECURITY_LOGS)
    await store.refresh()
    documents = [document async for document in store.scan()]
    await factory.close()
    assert [document.id.partition("-")[0] for document in documents] == ["nobody"]
    assert "guesser" not in str(documents)
    assert "127.0.0.1" not in str(documents)


async def test_an_administrators_acts_name_the_administrator(
    admin: Person, ana: Person, codes: Codes
) -> None:
    await codes.through(ana.email, "verify", by=ana)
    await admin.call("PATCH", f"/users/{ana.id}", {"role": "editor"})
    editor = await ana.login()
    entry = await find(editor, "user.access_changed")
    assert (entry["by"], entry["reason"]) == (admin.id, "editor")
    await admin.call("DELETE", f"/users/{ana.id}/sessions")
    entry = await find(await ana.login(), "user.signed_out")
    assert (entry["by"], entry["reason"]) == (admin.id, "ended_by_admin")


async def test_a_changed_cart_names_the_administrator_once(ana: Person, nats_url: str) -> None:
    event = CartChangedOnBehalf(ana.id, 3, "an-admin").to_event(SystemClock().now())
    async with running_bus(nats_url) as bus:
        await bus.publish(event)
    entry = await find(ana, "cart.changed_on_behalf")
    assert (entry["by"], entry["count"], entry["address"]) == ("an-admin", 1, None)


async def test_the_bus_hears_nothing_of_where_it_came_from(ana: Person, nats_url: str) -> None:
    client = await nats.connect(nats_url)
    subscription = await client.jetstream().subscribe(f"shop.user.*.{ana.id}")
    headers = {**ana.headers, "User-Agent": "Ana's browser"}
    await ana.shop.patch(f"{AUTH}/me", json={"name": "Anna"}, headers=headers)
    seen = b""
    while b"user.renamed" not in seen:
        seen += (await subscription.next_msg(timeout=60)).data
    await client.close()
    assert not any(word in seen for word in (b"browser", b"client", b"Anna", b"127.0.0.1"))


async def test_a_deleted_account_leaves_an_empty_log(
    ana: Person, auth_settings: MakeSettings, nats_url: str
) -> None:
    await ana.call("PATCH", "/me", {"name": "Anna"})
    await find(ana, "user.renamed")
    await ana.call("DELETE", "/me", {"password": PASSWORD})
    late = CartChangedOnBehalf(ana.id, 3, "an-admin").to_event(SystemClock().now())
    async with running_bus(nats_url) as bus:
        await bus.publish(late)
    factory = create_store_factory(auth_settings())
    store = await factory.open(SECURITY_LOGS)

    async def erased() -> bool:
        document = await store.get(ana.id)
        return document is not None and document.body["is_erased"]

    await eventually(erased)
    document = await store.get(ana.id)
    assert document is not None
    assert document.body["entries"] == []
    await factory.close()


async def test_a_guest_has_no_log(shop: httpx.AsyncClient) -> None:
    guest = Person.of(shop, "", (await shop.post(f"{AUTH}/guest")).json())
    assert await log_of(guest) == []
