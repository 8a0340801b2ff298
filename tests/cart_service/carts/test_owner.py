"""Whose cart it is: the token says so, and only an administrator may name somebody else."""

from __future__ import annotations

import httpx
import nats
import orjson
import pytest

from cart_service.main import create_app
from cart_service.settings import CartSettings
from shared.ids import new_id
from tests.cart_service.conftest import Customer
from tests.cart_service.promotion_requests import add_promotion
from tests.support.waiting import eventually

ROUTES = [
    ("GET", "", None),
    ("GET", "/summary", None),
    ("GET", "/events", None),
    ("POST", "/events/ticket", None),
    ("POST", "/items", {"product_id": "x"}),
    ("PUT", "/items/x", {"quantity": 1}),
    ("DELETE", "/items/x", None),
    ("PATCH", "", {"operations": [{"op": "clear"}]}),
    ("DELETE", "", None),
    ("POST", "/undo", None),
    ("POST", "/acknowledge", None),
    ("POST", "/merge", {"guest_token": "x"}),
    ("PUT", "/promo-code", {"code": "XYZ"}),
    ("DELETE", "/promo-code", None),
]
NOTHING_TO_DO = {("POST", "/acknowledge"), ("DELETE", "/promo-code")}
"""With the cart of the test: it has neither a notice nor a code."""
TICKET = ("POST", "/events/ticket", None)
"""Answers with no cart: test_events_tickets.py looks at whose it shows."""


def test_no_route_of_the_cart_is_left_out() -> None:
    document = create_app(CartSettings.model_construct()).openapi()
    described = {
        (method.upper(), path.removeprefix("/api/v1/cart").replace("{product_id}", "x"))
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if "Cart" in operation["tags"]
    }
    assert described == {(method, path) for method, path, _ in ROUTES}


def test_the_document_says_that_a_scope_may_be_missing() -> None:
    document = create_app(CartSettings.model_construct()).openapi()
    for method, path, _ in ROUTES:
        operation = document["paths"]["/api/v1/cart" + path.replace("/x", "/{product_id}")][method.lower()]
        assert "403" in operation["responses"], (method, path)


async def test_no_route_answers_without_a_token(
    replica: httpx.AsyncClient, subtests: pytest.Subtests
) -> None:
    for method, path, body in ROUTES:
        with subtests.test(method=method, path=path, body=body):
            answer = await replica.request(method, f"/api/v1/cart{path}", json=body)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_nobody_else_may_name_an_owner(
    ann: Customer, sign_in, catalogue, subtests: pytest.Subtests
) -> None:
    for method, path, body in ROUTES:
        with subtests.test(method=method, path=path, body=body):
            bob = sign_in(ann.client)
            before = await bob.add(await catalogue.put())
            for role in ("customer", "guest"):
                stranger = sign_in(ann.client, role=role)
                answer = await stranger.call(method, path, body, On_Behalf_Of=bob.user_id)
                assert answer.status_code == 403
                assert 'scope="cart:any"' in answer.headers["www-authenticate"]
            assert (await bob.call("GET")).content == before.content


ROUTES_OF_A_CART = [route for route in ROUTES if route != TICKET]


async def test_an_administrator_reads_and_changes_any_cart(
    replica: httpx.AsyncClient, sign_in, catalogue, subtests: pytest.Subtests
) -> None:
    for method, path, body in ROUTES_OF_A_CART:
        with subtests.test(method=method, path=path, body=body):
            ann, admin, guest = (sign_in(replica, role=role) for role in ("customer", "admin", "guest"))
            mug, code = await catalogue.put(), await add_promotion(admin)
            guest_token = guest.headers["Authorization"].removeprefix("Bearer ")
            known = {"product_id": mug, "code": code, "guest_token": guest_token}
            await guest.add(mug)
            await ann.add(mug, 2)
            await ann.call("DELETE", f"/items/{mug}")
            before = await ann.add(mug, 2)
            answer = await admin.call(
                method,
                path.replace("/x", f"/{mug}") + ("?once=true" if path == "/events" else ""),
                body and {name: known.get(name, value) for name, value in body.items()},
                On_Behalf_Of=ann.user_id,
            )
            assert answer.status_code == 200, answer.text
            after = await ann.call("GET")
            is_changed = method != "GET" and (method, path) not in NOTHING_TO_DO
            assert after.json()["version"] == before.json()["version"] + is_changed
            assert f'"version":{after.json()["version"]},' in answer.text
            assert (await admin.call("GET")).json()["version"] == 0


async def test_a_write_for_somebody_else_names_who_made_it(
    ann: Customer, sign_in, catalogue, nats_url: str
) -> None:
    admin, mug = sign_in(ann.client, role="admin"), await catalogue.put()
    client = await nats.connect(nats_url)
    events = await client.jetstream().subscribe(f"shop.cart.*.{ann.user_id}")
    await ann.add(mug)
    await admin.add(mug, On_Behalf_Of=ann.user_id)
    await admin.call("GET", On_Behalf_Of=ann.user_id)
    heard = [orjson.loads((await events.next_msg(timeout=60)).data) for _ in range(3)]
    await client.close()
    assert [event["type"] for event in heard] == [
        "shop.cart.updated",
        "shop.cart.updated",
        "shop.cart.changed_on_behalf",
    ]
    assert heard[2]["data"] == {"by": admin.user_id}


async def test_the_scope_decides_not_the_role(ann: Customer, tokens, catalogue) -> None:
    half = tokens.issue("half-admin", "admin", scopes=["users:admin"])
    answer = await Customer(ann.client, {"Authorization": half}, "").call("GET", On_Behalf_Of=ann.user_id)
    assert answer.status_code == 403


async def test_naming_oneself_needs_no_scope(ann: Customer) -> None:
    assert (await ann.call("GET", On_Behalf_Of=ann.user_id)).status_code == 200


MALFORMED_OWNERS = ["", "a b", "f" * 33, "../carts", "ann", "F" * 32]


async def test_a_malformed_owner_is_named(ann: Customer, sign_in, subtests: pytest.Subtests) -> None:
    for owner in MALFORMED_OWNERS:
        with subtests.test(owner=owner):
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
