"""Registering, signing in and being a guest."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import httpx
import pytest
from jose import jwt

from auth_service.main import create_app
from shared.ids import new_id
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, PASSWORD, Person, fresh_email
from tests.support.apps import running


async def test_registering_signs_in(shop: httpx.AsyncClient) -> None:
    email = fresh_email()
    answer = await shop.post(f"{AUTH}/register", json={"name": " Ana ", "email": email, "password": PASSWORD})
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert body["user"] == body["user"] | {"name": "Ana", "email": email, "role": "customer"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 600)
    assert "password" not in answer.text
    assert (await Person.of(shop, email, body).call("GET", "/me")).json() == body["user"]


async def test_an_access_token_holds_the_agreed_claims(ana: Person) -> None:
    claims = jwt.get_unverified_claims(ana.access_token)
    header = jwt.get_unverified_header(ana.access_token)
    assert set(claims) == {
        *("iss", "exp", "aud", "sub", "client_id", "iat", "jti", "auth_time", "scope"),  # RFC 9068
        *("sid", "role"),
    }
    assert (claims["sub"], claims["role"], claims["scope"]) == (ana.id, "customer", "")
    assert claims["exp"] - claims["iat"] == 600
    assert (header["alg"], header["typ"], set(header)) == ("ES256", "at+jwt", {"alg", "kid", "typ"})


async def test_an_address_in_another_case_is_taken(shop: httpx.AsyncClient, ana: Person) -> None:
    body = {"name": "Ana", "email": f" {ana.email.upper()} ", "password": PASSWORD}
    answer = await shop.post(f"{AUTH}/register", json=body)
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:trolley:problem:email-already-registered"


async def test_of_200_registrations_of_one_address_one_succeeds(shop: httpx.AsyncClient) -> None:
    email = fresh_email()
    body = {"name": "Ana", "email": email, "password": PASSWORD}
    answers = await asyncio.gather(*(shop.post(f"{AUTH}/register", json=body) for _ in range(200)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(409)) == (1, 199)
    winner = next(answer.json() for answer in answers if answer.status_code == 201)
    login = await shop.post(f"{AUTH}/login", json={"email": email, "password": PASSWORD})
    assert login.json()["user"] == winner["user"]


async def test_of_registrations_at_two_replicas_one_succeeds(auth_settings: MakeSettings) -> None:
    body = {"name": "Ana", "email": fresh_email(), "password": PASSWORD}
    async with (
        running(create_app(auth_settings())) as one,
        running(create_app(auth_settings())) as two,
    ):
        answers = await asyncio.gather(
            *(shop.post(f"{AUTH}/register", json=body) for shop in (one, two) for _ in range(20))
        )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 39


async def test_signing_in_ignores_the_case_of_the_address(shop: httpx.AsyncClient, ana: Person) -> None:
    answer = await shop.post(f"{AUTH}/login", json={"email": ana.email.upper(), "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json()["user"]["id"] == ana.id


async def test_a_password_is_the_same_however_it_was_typed(shop: httpx.AsyncClient) -> None:
    email = fresh_email()
    composed, decomposed = "caf\u00e9 caf\u00e9", "cafe\u0301 cafe\u0301"
    await shop.post(f"{AUTH}/register", json={"name": "A", "email": email, "password": composed})
    answer = await shop.post(f"{AUTH}/login", json={"email": email, "password": decomposed})
    assert answer.status_code == 200


WRONG_PASSWORDS = ["wrong horse battery", "short", "x" * 128, ""]


async def test_a_wrong_password_and_an_unknown_address_are_answered_the_same(
    shop: httpx.AsyncClient, ana: Person, subtests: pytest.Subtests
) -> None:
    for password in WRONG_PASSWORDS:
        with subtests.test(password=password):
            answers = [
                await shop.post(f"{AUTH}/login", json={"email": email, "password": password})
                for email in (ana.email, fresh_email(), f"no address {new_id()}")
            ]
            problems = [{**answer.json(), "request_id": ""} for answer in answers]
            assert [answer.status_code for answer in answers] == [401] * 3
            assert problems[0] == problems[1] == problems[2]
            assert all(answer.headers["www-authenticate"].startswith("Bearer") for answer in answers)


async def test_the_password_form_gives_tokens(shop: httpx.AsyncClient, ana: Person) -> None:
    form = {"grant_type": "password", "username": ana.email, "password": PASSWORD, "client_id": "docs"}
    answer = await shop.post(f"{AUTH}/token", data=form)
    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")


REFUSED_FORMS = [
    ("password=wrong+horse+battery", "invalid_grant"),
    ("username=nobody%40example.com", "invalid_grant"),
    ("username=nobody", "invalid_grant"),
    ("password=" + "x" * 128, "invalid_grant"),
    ("password=" + "x" * 129, "invalid_request"),
    ("grant_type=magic", "unsupported_grant_type"),
    ("grant_type=refresh_token", "unsupported_grant_type"),
    ("grant_type=", "invalid_request"),
    ("username=", "invalid_request"),
    ("password=", "invalid_request"),
    ("password=x&password=y", "invalid_request"),
    ("password=%ff", "invalid_request"),
]


async def test_the_password_form_is_refused_in_the_words_of_oauth(
    shop: httpx.AsyncClient, ana: Person, subtests: pytest.Subtests
) -> None:
    for change, error in REFUSED_FORMS:
        with subtests.test(change=change, error=error):
            form = {"grant_type": "password", "username": ana.email, "password": PASSWORD}
            form.pop(change.partition("=")[0])
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = await shop.post(f"{AUTH}/token", content=f"{urlencode(form)}&{change}", headers=headers)
            assert (answer.status_code, answer.json()["error"]) == (400, error)
            assert answer.json()["type"] == "urn:trolley:problem:token-request-refused"
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["cache-control"] == "no-store"


async def test_the_password_form_names_what_is_missing(shop: httpx.AsyncClient) -> None:
    answer = await shop.post(f"{AUTH}/token", data={"grant_type": "password"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/username", "/password"]
    assert answer.json()["error_description"] == "username: Field required. password: Field required."


async def test_a_guest_is_somebody_without_an_account(shop: httpx.AsyncClient) -> None:
    answer = await shop.post(f"{AUTH}/guest")
    body = answer.json()
    guest = Person.of(shop, "", body)
    assert answer.status_code == 201
    assert (body["user"]["role"], body["user"]["email"]) == ("guest", None)
    assert (await guest.call("GET", "/me")).json() == body["user"]
    assert (await guest.refresh()).json()["user"] == body["user"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/me", {"name": "Ana"}),
        ("DELETE", "/me", {"password": PASSWORD}),
        ("POST", "/password", {"current_password": PASSWORD, "new_password": PASSWORD}),
    ],
)
async def test_a_guest_has_no_account_to_change(
    shop: httpx.AsyncClient, method: str, path: str, body: dict[str, str]
) -> None:
    guest = Person.of(shop, "", (await shop.post(f"{AUTH}/guest")).json())
    answer = await guest.call(method, path, body)
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:trolley:problem:guest-has-no-account"
