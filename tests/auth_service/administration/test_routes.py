"""Administration of accounts."""

from __future__ import annotations

import httpx
import pytest
from jose import jwt

from auth_service.bootstrap import open_operator_tools
from shared.security.identity import Role
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.mailed_codes import Codes
from tests.auth_service.people import AUTH, PASSWORD, Person, fresh_email
from tests.support.waiting import eventually


async def test_an_administrator_sees_an_account(admin: Person, ana: Person) -> None:
    answer = await admin.call("GET", f"/users/{ana.id}")
    assert answer.status_code == 200
    assert answer.json() == answer.json() | {
        "id": ana.id,
        "email": ana.email,
        "disabled": False,
        "session_count": 1,
    }
    assert "hash" not in answer.text


async def test_nobody_else_does(ana: Person) -> None:
    user = f"/users/{ana.id}"
    ways = [("GET", "/users"), ("GET", user), ("PATCH", user), ("DELETE", user)]
    ways += [("GET", f"{user}/sessions"), ("DELETE", f"{user}/sessions"), ("DELETE", f"{user}/sessions/x")]
    for method, path in ways:
        answer = await ana.call(method, path, {"role": "admin"} if method == "PATCH" else None)
        assert answer.status_code == 403


async def test_accounts_are_listed_page_by_page(admin: Person) -> None:
    people = [admin.id, *[(await Person.registered(admin.shop)).id for _ in range(4)]]

    async def listed() -> list[str]:
        ids, query = [], "limit=2"
        while query:
            page = (await admin.call("GET", f"/users?{query}")).json()
            ids += [user["id"] for user in page["items"]]
            query = f"limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
        return ids

    async def complete() -> bool:
        return await listed() == people

    await eventually(complete)


async def test_an_account_is_found_by_its_address(admin: Person, ana: Person) -> None:
    async def found() -> bool:
        page = (await admin.call("GET", f"/users?email={ana.email.upper()}")).json()
        return [user["id"] for user in page["items"]] == [ana.id]

    await eventually(found)
    assert (await admin.call("GET", "/users?email=nonsense")).json()["items"] == []


async def test_a_cursor_belongs_to_its_list(admin: Person, ana: Person) -> None:
    async def next_cursor() -> str:
        return str((await admin.call("GET", "/users?limit=1")).json()["next_cursor"] or "")

    cursor = await eventually(next_cursor)
    for query in (f"cursor={cursor}x", "cursor=x", f"cursor={cursor}&email={ana.email}"):
        answer = await admin.call("GET", f"/users?{query}")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "query:cursor"


async def test_a_disabled_user_is_signed_out_and_stays_out(admin: Person, ana: Person) -> None:
    answer = await admin.call("PATCH", f"/users/{ana.id}", {"disabled": True})
    assert answer.json()["disabled"] is True
    assert (await ana.status(), (await ana.refresh()).status_code) == (401, 401)
    login = {"email": ana.email, "password": PASSWORD}
    refused = await ana.shop.post(f"{AUTH}/login", json=login)
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:trolley:problem:account-disabled"
    await admin.call("PATCH", f"/users/{ana.id}", {"disabled": False})
    assert (await ana.shop.post(f"{AUTH}/login", json=login)).status_code == 200


@pytest.mark.parametrize("role", ["editor", "admin"])
async def test_nobody_gets_more_rights_with_an_address_that_another_may_have_registered(
    admin: Person, ana: Person, codes: Codes, role: str
) -> None:
    await codes.mailed(ana.email, "verify")
    refused = await admin.call("PATCH", f"/users/{ana.id}", {"role": role})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:trolley:problem:email-not-verified")
    assert await ana.status() == 200
    for harmless in ({"disabled": True}, {"disabled": False}, {"role": "customer"}):
        assert (await admin.call("PATCH", f"/users/{ana.id}", harmless)).status_code == 200
    await codes.through(ana.email, "verify", by=await ana.login())
    assert (await admin.call("PATCH", f"/users/{ana.id}", {"role": role})).json()["role"] == role


async def test_whom_the_operator_trusts_needs_no_code(admin: Person, auth_settings: MakeSettings) -> None:
    async with open_operator_tools(auth_settings()) as operator:
        editor = await operator.create_user("Ed", fresh_email(), PASSWORD, Role.EDITOR)
    answer = await admin.call("PATCH", f"/users/{editor.id}", {"role": "admin"})
    assert answer.json()["role"] == "admin"


async def test_a_new_role_takes_effect_at_the_next_sign_in(admin: Person, ana: Person, codes: Codes) -> None:
    await codes.through(ana.email, "verify", by=ana)
    assert (await admin.call("PATCH", f"/users/{ana.id}", {"role": "admin"})).json()["role"] == "admin"
    assert await ana.status() == 401
    promoted = await ana.login()
    assert (await promoted.call("GET", f"/users/{admin.id}")).status_code == 200


async def test_an_editor_changes_the_catalogue_and_no_account(
    admin: Person, ana: Person, codes: Codes
) -> None:
    await codes.through(ana.email, "verify", by=ana)
    assert (await admin.call("PATCH", f"/users/{ana.id}", {"role": "editor"})).json()["role"] == "editor"
    editor = await ana.login()
    claims = jwt.get_unverified_claims(editor.access_token)
    assert (claims["role"], claims["scope"]) == ("editor", "catalog:write")
    assert (await editor.call("GET", "/users")).status_code == 403


async def test_a_change_to_what_is_already_so_signs_nobody_out(admin: Person, ana: Person) -> None:
    body = {"role": "customer", "disabled": False}
    assert (await admin.call("PATCH", f"/users/{ana.id}", body)).status_code == 200
    assert await ana.status() == 200


async def test_accounts_are_found_by_the_beginning_of_the_address_and_by_role(
    admin: Person, ana: Person
) -> None:
    async def found(query: str) -> list[str]:
        return [user["id"] for user in (await admin.call("GET", f"/users?{query}")).json()["items"]]

    async def both_are_found() -> bool:
        prefix = ana.email.partition("@")[0].upper()
        return await found(f"email_prefix={prefix}") == [ana.id] and await found("role=admin") == [admin.id]

    await eventually(both_are_found)
    assert await found("email_prefix=%25") == []
    assert await found(f"email_prefix={ana.email}&role=editor") == []


async def test_an_administrator_deletes_an_account(admin: Person, ana: Person) -> None:
    assert (await admin.call("DELETE", f"/users/{ana.id}")).status_code == 204
    assert (await ana.status(), (await ana.refresh()).status_code) == (401, 401)
    assert (await admin.call("GET", f"/users/{ana.id}")).status_code == 404
    body = {"name": "Ana", "email": ana.email, "password": PASSWORD}
    assert (await ana.shop.post(f"{AUTH}/register", json=body)).status_code == 201
    own = await admin.call("DELETE", f"/users/{admin.id}")
    assert (own.status_code, own.json()["type"]) == (409, "urn:trolley:problem:own-account")


async def test_an_administrator_ends_sessions(admin: Person, ana: Person) -> None:
    phone, tablet = await ana.login(), await ana.login()
    path = f"/users/{ana.id}/sessions"
    listed = (await admin.call("GET", path)).json()["items"]
    assert [item["id"] for item in listed] == [ana.session_id, phone.session_id, tablet.session_id]
    assert not any(item["current"] for item in listed)
    assert (await admin.call("DELETE", f"{path}/{phone.session_id}")).status_code == 204
    assert [await person.status() for person in (ana, phone, tablet)] == [200, 401, 200]
    assert (await phone.refresh()).status_code == 401
    assert (await admin.call("DELETE", f"{path}/{phone.session_id}")).status_code == 404
    assert (await admin.call("DELETE", path)).status_code == 204
    assert [await person.status() for person in (ana, phone, tablet)] == [401, 401, 401]
    assert (await admin.call("GET", path)).json() == {"items": []}
    assert (await admin.call("DELETE", path)).status_code == 204
    assert (await admin.call("GET", "/users/nobody/sessions")).status_code == 404


async def test_administrators_cannot_lock_themselves_out(admin: Person) -> None:
    answer = await admin.call("PATCH", f"/users/{admin.id}", {"role": "customer"})
    assert answer.status_code == 409


async def test_unknown_and_deleted_users_are_not_found(admin: Person, ana: Person) -> None:
    await ana.call("DELETE", "/me", {"password": PASSWORD})
    for user_id in (ana.id, "nobody"):
        assert (await admin.call("GET", f"/users/{user_id}")).status_code == 404
        assert (await admin.call("PATCH", f"/users/{user_id}", {"disabled": True})).status_code == 404


async def test_an_empty_patch_changes_nothing(admin: Person, ana: Person) -> None:
    answer = await admin.call("PATCH", f"/users/{ana.id}", {})
    assert (answer.status_code, await ana.status()) == (200, 200)


async def test_null_gives_back_the_default(admin: Person, ana: Person) -> None:
    await admin.call("PATCH", f"/users/{ana.id}", {"disabled": True})
    answer = await admin.call("PATCH", f"/users/{ana.id}", {"disabled": None})
    assert (answer.status_code, answer.json()["disabled"]) == (200, False)


BAD_CHANGES = [{"role": None}, {"role": "guest"}, {"role": 1}, {"disabled": "yes"}, {"name": 1}]


async def test_bad_changes_are_named(admin: Person, ana: Person, subtests: pytest.Subtests) -> None:
    for body in BAD_CHANGES:
        with subtests.test(body=body):
            answer = await admin.call("PATCH", f"/users/{ana.id}", body)
            assert answer.status_code == 422
            assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{next(iter(body))}"]


async def test_a_disabled_account_gets_no_token_by_the_form(
    shop: httpx.AsyncClient, admin: Person, ana: Person
) -> None:
    await admin.call("PATCH", f"/users/{ana.id}", {"disabled": True})
    form = {"grant_type": "password", "username": ana.email, "password": PASSWORD}
    answer = await shop.post(f"{AUTH}/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
