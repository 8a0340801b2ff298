"""Whose cart it is: the token says so, and only an administrator may name somebody else."""

from __future__ import annotations

import httpx
import pytest

from shared.ids import new_id
from tests.cart_service.conftest import Customer
from tests.support.waiting import eventually

ROUTES = [
    ("GET", "", None),
    ("GET", "/summary", None),
    ("GET", "/events", None),
    ("POST", "/items", {"product_id": "x"}),
    ("PUT", "/items/x", {"quantity": 1}),
    ("DELETE", "/items/x", None),
    ("PATCH", "", {"operations": [{"op": "clear"}]}),
    ("DELETE", "", None),
    ("POST", "/undo", None),
    ("POST", "/acknowledge", None),
    ("POST", "/merge", {"guest_token": "x"}),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_no_route_answers_without_a_token(replica: httpx.AsyncClient, method, path, body) -> None:
    answer = await replica.request(method, f"/api/v1/cart{path}", json=body)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_nobody_else_may_name_an_owner(ann: Customer, sign_in, catalogue, method, path, body) -> None:
    bob = sign_in(ann.client)
    before = await bob.add(await catalogue.put())
    for role in ("customer", "guest"):
        stranger = sign_in(ann.client, role=role)
        answer = await stranger.call(method, path, body, On_Behalf_Of=bob.user_id)
        assert answer.status_code == 403
        assert 'scope="cart:any"' in answer.headers["www-authenticate"]
    assert (await bob.call("GET")).content == before.content


async def test_an_administrator_reads_and_changes_any_cart(ann: Customer, sign_in, catalogue) -> None:
    admin, mug = sign_in(ann.client, role="admin"), await catalogue.put()
    await ann.add(mug, 2)
    read = await admin.call("GET", On_Behalf_Of=ann.user_id)
    assert read.content == (await ann.call("GET")).content
    await admin.add(mug, 1, On_Behalf_Of=ann.user_id)
    assert (await ann.call("GET")).json()["item_count"] == 3
    assert (await admin.call("GET")).json()["item_count"] == 0


async def test_the_scope_decides_not_the_role(ann: Customer, tokens, catalogue) -> None:
    half = tokens.issue("half-admin", "admin", scopes=["users:admin"])
    answer = await Customer(ann.client, {"Authorization": half}, "").call("GET", On_Behalf_Of=ann.user_id)
    assert answer.status_code == 403


async def test_naming_oneself_needs_no_scope(ann: Customer) -> None:
    assert (await ann.call("GET", On_Behalf_Of=ann.user_id)).status_code == 200


@pytest.mark.parametrize("owner", ["", "a b", "x" * 65, "../carts"])
async def test_a_malformed_owner_is_named(ann: Customer, sign_in, owner: str) -> None:
    answer = await sign_in(ann.client, role="admin").call("GET", On_Behalf_Of=owner)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "header:On-Behalf-Of"


async def test_a_revoked_session_is_out_at_once(ann: Customer, sign_in, tokens, nats_url: str) -> None:
    session = new_id()
    bob = Customer(ann.client, {"Authorization": tokens.issue("bob", session_id=session)}, "bob")
    assert (await bob.call("GET")).status_code == 200
    await tokens.revoke(nats_url, session)

    async def is_out() -> bool:
        return (await bob.call("GET")).status_code == 401

    await eventually(is_out)
    for method, path, body in ROUTES:
        assert (await bob.call(method, path, body)).status_code == 401
