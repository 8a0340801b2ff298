"""Mailed codes over HTTP."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.auth_service.mailed_codes import Codes
from tests.auth_service.people import AUTH, PASSWORD, Person, fresh_email
from tests.support.mails import MailsInFolder, text_of
from tests.support.waiting import eventually

NEW = "staple horse battery"


def is_invalid(answer: httpx.Response) -> bool:
    return answer.status_code == 403 and answer.json()["type"] == "urn:trolley:problem:invalid-code"


async def test_a_new_account_gets_a_code_that_verifies_its_address(codes: Codes, ana: Person) -> None:
    code = await codes.mailed(ana.email, "verify")
    # A page that asks right after the registration gets a handle for the code that is on its way.
    code_id = await codes.request(ana.email, "verify")
    answer = await codes.use(code_id, code, "verify", ana.email, by=ana)
    assert answer.status_code == 200
    assert answer.json() == {"session": None, "device_token": None}
    assert (await ana.call("GET", "/me")).json()["email_verified"] is True
    assert len(codes.mails.all(ana.email)) == 1


async def test_a_forgotten_password_is_set_by_mail(codes: Codes, ana: Person) -> None:
    phone = await ana.login()
    answer = await codes.through(ana.email, "reset", new_password=NEW)
    assert answer.status_code == 200
    reset = Person.of(codes.shop, ana.email, answer.json()["session"])
    assert [await each.status() for each in (reset, ana, phone)] == [200, 401, 401]
    assert (await phone.refresh()).status_code == 401
    logins = [
        await codes.shop.post(f"{AUTH}/login", json={"email": ana.email, "password": password})
        for password in (PASSWORD, NEW)
    ]
    assert [login.status_code for login in logins] == [401, 200]
    await codes.mails.wait(ana.email, "was changed")


async def test_a_bad_new_password_leaves_the_code_usable(codes: Codes, ana: Person) -> None:
    code_id = await codes.request(ana.email, "reset")
    code = await codes.mailed(ana.email, "reset")
    for _ in range(6):
        answer = await codes.use(code_id, code, "reset", ana.email, new_password="short")
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/new_password"]
    assert (await codes.use(code_id, code, "reset", ana.email, new_password=NEW)).status_code == 200


async def test_a_verified_account_signs_in_by_code_and_keeps_all_it_has(codes: Codes, ana: Person) -> None:
    await codes.through(ana.email, "verify", by=ana)
    answer = await codes.through(ana.email, "sign_in")
    assert answer.status_code == 200
    assert await Person.of(codes.shop, ana.email, answer.json()["session"]).status() == 200
    assert await ana.status() == 200
    assert await (await ana.login()).status() == 200


async def test_only_who_is_signed_in_to_the_account_verifies_its_address(codes: Codes, ana: Person) -> None:
    """Otherwise the owner of the address would verify it for a stranger who registered it."""
    bea = await Person.registered(codes.shop)
    code_id, code = await codes.request(ana.email, "verify"), await codes.mailed(ana.email, "verify")
    assert (await codes.use(code_id, code, "verify", ana.email)).status_code == 401
    assert is_invalid(await codes.use(code_id, code, "verify", ana.email, by=bea))
    assert (await ana.call("GET", "/me")).json()["email_verified"] is False
    assert (await codes.use(code_id, code, "verify", ana.email, by=ana)).status_code == 200


@pytest.mark.parametrize("before", [[], ["unlock"]])
async def test_the_owner_of_an_address_that_somebody_else_registered_gets_it_alone(
    codes: Codes, ana: Person, before: list[str]
) -> None:
    """Ana is somebody else here: she registered an address whose mails she does not read."""
    for purpose in before:
        assert (await codes.through(ana.email, purpose)).status_code == 200
    answer = await codes.through(ana.email, "sign_in")
    owner = Person.of(codes.shop, ana.email, answer.json()["session"])
    assert (await owner.status(), await ana.status()) == (200, 401)
    body = {"email": ana.email, "password": PASSWORD}
    assert (await codes.shop.post(f"{AUTH}/login", json=body)).status_code == 401
    # The hash that stands for unknown accounts is of this text.
    body["password"] = "nobody's password"
    assert (await codes.shop.post(f"{AUTH}/login", json=body)).status_code == 401
    assert (await codes.through(ana.email, "reset", new_password=NEW)).status_code == 200
    assert await (await login(codes, ana.email, NEW)).status() == 200


async def login(codes: Codes, email: str, password: str) -> Person:
    answer = await codes.shop.post(f"{AUTH}/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    return Person.of(codes.shop, email, answer.json())


async def test_unlocking_gives_a_device_token_and_no_session(codes: Codes, ana: Person) -> None:
    answer = await codes.through(ana.email, "unlock")
    assert answer.status_code == 200
    assert answer.json()["session"] is None
    assert answer.json()["device_token"]


async def test_the_owner_sees_codes_in_the_log_and_where_they_were_used(codes: Codes, ana: Person) -> None:
    code_id = await codes.request(ana.email, "verify")
    await codes.mailed(ana.email, "verify")
    assert is_invalid(await codes.use(code_id, "BBBB-BBBB", "verify", ana.email, by=ana))
    await codes.through(ana.email, "verify", by=ana)
    answer = await codes.through(ana.email, "reset", new_password=NEW)
    owner = Person.of(codes.shop, ana.email, answer.json()["session"])

    async def logged() -> bool:
        events = (await owner.call("GET", "/security-events")).json()["items"]
        found = {(event["type"], event["reason"]) for event in events}
        return found >= {
            ("user.sign_in_failed", "wrong_code"),
            ("user.email_verified", None),
            ("user.signed_out", "password_changed"),
            ("user.signed_in", "code"),
        }

    await eventually(logged)


async def test_a_guest_who_signs_in_by_code_is_a_guest_no_longer(codes: Codes, ana: Person) -> None:
    guest = (await codes.shop.post(f"{AUTH}/guest")).json()["access_token"]
    answer = await codes.through(ana.email, "sign_in", guest_token=guest)
    assert answer.status_code == 200
    headers = {"Authorization": f"Bearer {guest}"}
    assert (await codes.shop.get(f"{AUTH}/me", headers=headers)).status_code == 401


async def test_in_cookie_mode_no_token_is_in_the_body(codes: Codes, ana: Person) -> None:
    codes.shop.headers["Sec-Fetch-Site"] = "same-origin"
    await codes.through(ana.email, "verify", by=ana)
    session = await codes.through(ana.email, "sign_in", mode="cookie")
    assert session.json()["session"]["refresh_token"] is None
    assert "__Host-trolley-refresh=" in session.headers["set-cookie"]
    unlocked = await codes.through(ana.email, "unlock", mode="cookie")
    assert unlocked.json() == {"session": None, "device_token": None}
    assert "__Host-trolley-device=" in unlocked.headers["set-cookie"]


async def test_a_page_of_another_site_uses_no_code_in_cookie_mode(codes: Codes, ana: Person) -> None:
    code_id = await codes.request(ana.email, "unlock")
    code = await codes.mailed(ana.email, "unlock")
    refused = await codes.use(code_id, code, "unlock", ana.email, mode="cookie")
    assert refused.json()["type"] == "urn:trolley:problem:cross-site-request"
    assert (await codes.use(code_id, code, "unlock", ana.email)).status_code == 200


@pytest.mark.parametrize("form", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} "])
async def test_a_code_may_be_typed_in_any_form(codes: Codes, ana: Person, form: object) -> None:
    code_id = await codes.request(ana.email, "verify")
    code = form(await codes.mailed(ana.email, "verify"))  # type: ignore[operator]
    assert (await codes.use(code_id, code, "verify", ana.email, by=ana)).status_code == 200


async def test_a_code_works_once_however_many_use_it(codes: Codes, ana: Person) -> None:
    await codes.through(ana.email, "verify", by=ana)  # so that the first use changes nothing else
    code_ids = [await codes.request(ana.email, "sign_in") for _ in range(3)]
    code = await codes.mailed(ana.email, "sign_in")
    answers = await asyncio.gather(
        *(codes.use(code_id, code, "sign_in", ana.email) for code_id in code_ids for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [403] * 11
    assert all(is_invalid(answer) for answer in answers if answer.status_code == 403)


async def test_the_fifth_wrong_try_kills_the_request_and_no_other(codes: Codes, ana: Person) -> None:
    mine, strangers = await codes.request(ana.email, "reset"), await codes.request(ana.email, "reset")
    code = await codes.mailed(ana.email, "reset")
    wrong = [await codes.use(strangers, "BBBB-BBBB", "reset", ana.email, new_password=NEW) for _ in range(5)]
    late = await codes.use(strangers, code, "reset", ana.email, new_password=NEW)
    assert all(map(is_invalid, [*wrong, late]))
    assert len({answer.json()["detail"] for answer in [*wrong, late]}) == 1
    assert (await codes.use(mine, code, "reset", ana.email, new_password=NEW)).status_code == 200


async def test_many_wrong_tries_at_once_are_five(codes: Codes, ana: Person) -> None:
    """However many are under way, the code is compared five times."""
    code_id = await codes.request(ana.email, "reset")
    code = await codes.mailed(ana.email, "reset")
    tries = [codes.use(code_id, "BBBB-BBBB", "verify", ana.email, by=ana) for _ in range(5)]
    await asyncio.gather(*tries)
    assert is_invalid(await codes.use(code_id, code, "reset", ana.email, new_password=NEW))


async def test_a_code_is_for_one_purpose_one_request_and_one_address(codes: Codes, ana: Person) -> None:
    other = await Person.registered(codes.shop)
    sign_in, reset = await codes.request(ana.email, "sign_in"), await codes.request(ana.email, "reset")
    code = await codes.mailed(ana.email, "sign_in")
    answers = [
        await codes.use(sign_in, code, "verify", ana.email, by=ana),
        await codes.use(sign_in, code, "sign_in", other.email),
        await codes.use(sign_in, code, "sign_in", "no address"),
        await codes.use(reset, code, "sign_in", ana.email),
        await codes.use("0" * 32, code, "sign_in", ana.email),
        await codes.use("", code, "sign_in", ana.email),
        await codes.use("../x", code, "sign_in", ana.email),
    ]
    assert [is_invalid(answer) for answer in answers] == [True] * len(answers)
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert (await codes.use(sign_in, code, "sign_in", ana.email)).status_code == 200


async def test_codes_from_before_a_new_password_are_void(codes: Codes, ana: Person) -> None:
    code_id = await codes.request(ana.email, "sign_in")
    code = await codes.mailed(ana.email, "sign_in")
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert (await ana.call("POST", "/password", body)).status_code == 204
    assert is_invalid(await codes.use(code_id, code, "sign_in", ana.email))


async def test_a_deleted_account_takes_no_code(codes: Codes, ana: Person) -> None:
    code_id = await codes.request(ana.email, "sign_in")
    code = await codes.mailed(ana.email, "sign_in")
    assert (await ana.call("DELETE", "/me", {"password": PASSWORD})).status_code == 204
    assert is_invalid(await codes.use(code_id, code, "sign_in", ana.email))


async def test_the_mail_names_the_purpose_and_no_one(codes: Codes, ana: Person) -> None:
    await codes.request(ana.email, "unlock")
    mail = await codes.mails.wait(ana.email, "new device")
    assert "Ana" not in text_of(mail)


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": "change_email"},
        {"purpose": "reset"},
        {"new_password": NEW},
        {"code": "x" * 33},
        {"code_id": "x" * 65},
        {"email": "x" * 255},
        {"extra": 1},
        {"mode": "other"},
    ],
    ids=str,
)
async def test_a_body_that_makes_no_sense_is_refused(codes: Codes, change: dict[str, object]) -> None:
    body = {"code_id": "0" * 32, "code": "WDJB-MJHT", "purpose": "verify", "email": "ana@example.com"}
    answer = await codes.shop.post(f"{AUTH}/codes/use", json={**body, **change})
    assert answer.status_code == 422


async def test_a_code_in_cookie_mode_ends_the_session_that_it_replaces(codes: Codes, ana: Person) -> None:
    assert (await codes.through(ana.email, "verify", by=ana)).status_code == 200
    code_id, code = await codes.request(ana.email, "sign_in"), await codes.mailed(ana.email, "sign_in")
    page = {"Origin": "http://localhost:5173", "Cookie": f"__Host-trolley-refresh={ana.refresh_token}"}
    body = {"code_id": code_id, "code": code, "purpose": "sign_in", "email": ana.email, "mode": "cookie"}
    answer = await codes.shop.post(f"{AUTH}/codes/use", json=body, headers=page)
    assert answer.status_code == 200, answer.text
    assert (await ana.refresh()).status_code == 401
    assert await Person.of(codes.shop, ana.email, answer.json()["session"]).status() == 200


async def test_notices_tell_of_a_new_password_and_of_the_deletion(mails: MailsInFolder, ana: Person) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert (await ana.call("POST", "/password", body)).status_code == 204
    await mails.wait(ana.email, "password")
    assert (await ana.call("DELETE", "/me", {"password": NEW})).status_code == 204
    await mails.wait(ana.email, "was deleted")


async def test_a_code_for_nobody_is_accepted_and_not_mailed(codes: Codes, ana: Person) -> None:
    stranger = fresh_email()
    await codes.request(stranger, "reset")
    await codes.request(ana.email, "reset")
    await codes.mailed(ana.email, "reset")
    assert codes.mails.all(stranger) == []


async def test_an_administrator_sends_a_reset(codes: Codes, admin: Person, ana: Person) -> None:
    assert (await ana.call("POST", f"/users/{ana.id}/reset")).status_code == 403
    assert (await admin.call("POST", "/users/nobody/reset")).status_code == 404
    other = await Person.registered(codes.shop)
    await admin.call("PATCH", f"/users/{other.id}", {"disabled": True})
    refused = await admin.call("POST", f"/users/{other.id}/reset")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:trolley:problem:account-disabled")
    assert (await admin.call("POST", f"/users/{ana.id}/reset")).status_code == 204
    code = await codes.mailed(ana.email, "reset")
    events = (await ana.call("GET", "/security-events")).json()["items"]
    assert [event["by"] for event in events if event["type"] == "user.reset_sent"] == [admin.id]
    code_id = await codes.request(ana.email, "reset")
    assert (await codes.use(code_id, code, "reset", ana.email, new_password=NEW)).status_code == 200
    assert len(codes.mails.all(ana.email, "new password")) == 1


async def test_an_unknown_purpose_is_told_which_there_are(shop: httpx.AsyncClient) -> None:
    [error] = (await shop.post(f"{AUTH}/codes/use", json={"purpose": "foo"})).json()["errors"]
    message = "Input should be one of 'reset', 'sign_in', 'verify', 'unlock'"
    assert error == {"pointer": "/purpose", "message": message}
