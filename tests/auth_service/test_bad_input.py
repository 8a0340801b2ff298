"""No input breaks the service, and the answer names the error."""

from __future__ import annotations

import asyncio

import httpx
import orjson
import pytest
from jose import jwt
from jose.utils import base64url_encode

from auth_service.main import create_app
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, PASSWORD, Person, fresh_email
from tests.support.apps import both_ways, running
from tests.support.tokens import TokenIssuer

pytestmark = both_ways

GOOD = {"name": "Ana", "email": "ana@example.com", "password": PASSWORD}


BAD_VALUES = [
    ({"password": "1234567"}, ["/password"]),
    ({"password": "x" * 129}, ["/password"]),
    ({"name": ""}, ["/name"]),
    ({"name": " \t "}, ["/name"]),
    ({"name": "x" * 101}, ["/name"]),
    ({"name": "a\u0000b"}, ["/name"]),
    ({"email": "ana"}, ["/email"]),
    ({"email": "ana@localhost"}, ["/email"]),
    ({"email": "a@b@example..com"}, ["/email"]),
    ({"email": "x" * 65 + "@example.com"}, ["/email"]),
    ({"name": "", "email": "", "password": ""}, ["/name", "/email", "/password"]),
    ({"name": 1, "email": None, "password": ["x"]}, ["/name", "/email", "/password"]),
    ({"role": "admin"}, ["/role"]),
]


async def test_registering_with_bad_values_names_them(
    shop: httpx.AsyncClient, subtests: pytest.Subtests
) -> None:
    for change, pointers in BAD_VALUES:
        with subtests.test(change=change, pointers=pointers):
            answer = await shop.post(f"{AUTH}/register", json={**GOOD, **change})
            assert answer.status_code == 422
            assert answer.headers["content-type"] == "application/problem+json"
            assert [error["pointer"] for error in answer.json()["errors"]] == pointers


@pytest.mark.parametrize("name", ["", " \t ", "a\u0000b", "Ana\n", "a\u0085"])
async def test_a_name_is_refused_in_words(shop: httpx.AsyncClient, name: str) -> None:
    answer = await shop.post(f"{AUTH}/register", json={**GOOD, "name": name})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["message"].startswith("A name has ")


@pytest.mark.parametrize("field", ["name", "email", "password"])
async def test_a_missing_value_is_named(shop: httpx.AsyncClient, field: str) -> None:
    body = {name: value for name, value in GOOD.items() if name != field}
    answer = await shop.post(f"{AUTH}/register", json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]


BODIES = [
    (b"{", 400),
    (b"\xff\xfe", 400),
    (b'{"email": "\\ud800@example.com"}', 400),
    (b"[]", 422),
    (b"null", 422),
    (b"", 422),
    (b'"text"', 422),
    (b"{}", 422),
]
WITHOUT_A_TOKEN = {b"null", b"", b"{}"}
"""A refresh may take its token from a cookie, so a body without one is well-formed."""


async def test_what_is_no_such_json_is_refused(shop: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    for path in ["/register", "/login", "/refresh"]:
        for content, status in BODIES:
            with subtests.test(path=path, content=content, status=status):
                headers = {"Content-Type": "application/json"}
                answer = await shop.post(f"{AUTH}{path}", content=content, headers=headers)
                expected = 401 if path == "/refresh" and content in WITHOUT_A_TOKEN else status
                assert answer.status_code == expected, answer.text
                assert answer.headers["content-type"] == "application/problem+json"


async def test_another_media_type_is_refused(shop: httpx.AsyncClient) -> None:
    answer = await shop.post(f"{AUTH}/login", content=b"x", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


BAD_CHANGES = [
    ("PATCH", "/me", {"name": ""}, "/name"),
    ("PATCH", "/me", {"name": "Ana", "email": "b@example.com"}, "/email"),
    ("PATCH", "/me", {"name": 7}, "/name"),
    ("DELETE", "/me", {}, "/password"),
    ("DELETE", "/me", None, "/password"),
    ("PATCH", "/me", {"name": None}, "/name"),
    ("POST", "/password", {"current_password": PASSWORD}, "/new_password"),
    ("DELETE", f"/sessions/{'x' * 65}", None, "path:session_id"),
]


async def test_bad_changes_of_an_account_are_named(ana: Person, subtests: pytest.Subtests) -> None:
    for method, path, body, pointer in BAD_CHANGES:
        with subtests.test(method=method, path=path, body=body, pointer=pointer):
            answer = await ana.call(method, path, body)
            assert answer.status_code == 422, answer.text
            assert pointer in [error["pointer"] for error in answer.json()["errors"]]
            assert await ana.status() == 200


async def test_a_foreign_key_is_refused(shop: httpx.AsyncClient, ana: Person) -> None:
    forged = TokenIssuer().token(ana.id)
    answer = await shop.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 401


async def test_a_token_without_signature_is_refused(shop: httpx.AsyncClient, ana: Person) -> None:
    claims = orjson.dumps(jwt.get_unverified_claims(ana.access_token) | {"role": "admin"})
    for algorithm in ("none", "None", "HS256"):
        header = jwt.get_unverified_header(ana.access_token) | {"alg": algorithm}
        forged = b".".join([base64url_encode(orjson.dumps(header)), base64url_encode(claims), b""])
        answer = await shop.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {forged.decode()}"})
        assert answer.status_code == 401


async def test_changed_claims_are_refused(ana: Person) -> None:
    header, _, signature = ana.access_token.split(".")
    claims = orjson.dumps(jwt.get_unverified_claims(ana.access_token) | {"role": "admin"})
    forged = ".".join([header, base64url_encode(claims).decode(), signature])
    answer = await ana.shop.get(f"{AUTH}/users", headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 401


async def test_too_many_passwords_at_once_are_refused_not_queued(
    auth_settings: MakeSettings, fast: bool
) -> None:
    async with running(
        create_app(auth_settings(auth_password_workers=1, auth_password_queue=1), fast=fast)
    ) as shop:
        bodies = [{**GOOD, "email": fresh_email()} for _ in range(20)]
        answers = await asyncio.gather(*(shop.post(f"{AUTH}/register", json=body) for body in bodies))
        codes = [answer.status_code for answer in answers]
        assert set(codes) == {201, 503}
        refused = next(answer for answer in answers if answer.status_code == 503)
        assert refused.headers["retry-after"] == "2"
        assert (await shop.post(f"{AUTH}/register", json={**GOOD, "email": fresh_email()})).status_code == 201
