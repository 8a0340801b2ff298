"""The shop from the outside: from registering to the totals of a cart."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from shared.ids import new_id
from tests.e2e.shops import Person, Shop
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def some_products(person: Person, count: int = 2) -> list[dict[str, Any]]:
    page = await person.get(f"/products?in_stock=true&limit={count}")
    assert len(page["items"]) == count
    items: list[dict[str, Any]] = page["items"]
    return items


async def test_someone_registers_signs_in_and_fills_a_cart(shop: Shop) -> None:
    email = f"{new_id()}@example.com"
    await shop.register(email)
    ann = await shop.login(email)
    first, second = await some_products(ann)
    await ann.add(first["id"], 2)
    cart = await ann.add(second["id"])
    summary = await ann.get("/cart/summary")
    assert {line["product_id"]: line["quantity"] for line in summary["items"]} == {
        first["id"]: 2,
        second["id"]: 1,
    }
    assert summary["subtotal"] == 2 * first["price"] + second["price"]
    assert summary["item_count"] == 3
    assert summary["version"] == cart["version"]


async def test_two_adds_at_once_both_count(shop: Shop) -> None:
    ann = await shop.register()
    product = (await some_products(ann, 1))[0]
    await asyncio.gather(ann.add(product["id"]), ann.add(product["id"], 2))
    assert (await ann.get("/cart/summary"))["item_count"] == 3


async def test_every_guest_has_a_cart_of_their_own(shop: Shop) -> None:
    guest, other = await shop.guest(), await shop.guest()
    product = (await some_products(guest, 1))[0]
    await guest.add(product["id"], 2)
    assert (await guest.get("/cart/summary"))["item_count"] == 2
    assert (await other.get("/cart/summary"))["item_count"] == 0


async def test_a_refreshed_session_goes_on_and_a_spent_token_does_not(shop: Shop) -> None:
    ann = await shop.register()
    spent = {"refresh_token": ann.session["refresh_token"]}
    renewed = Person(
        shop.client, (await ann.call("POST", "/auth/refresh", json=spent)).raise_for_status().json()
    )
    assert (await renewed.get("/auth/me"))["id"] == ann.session["user"]["id"]
    newest = {"refresh_token": renewed.session["refresh_token"]}
    repeated = (await ann.call("POST", "/auth/refresh", json=spent)).raise_for_status().json()
    assert repeated["refresh_token"] == newest["refresh_token"]
    (await ann.call("POST", "/auth/refresh", json=newest)).raise_for_status()
    assert (await ann.call("POST", "/auth/refresh", json=spent)).status_code == 401


async def test_a_logout_takes_effect_everywhere_within_a_second(shop: Shop) -> None:
    ann = await shop.register()
    await ann.get("/cart")
    (await ann.call("POST", "/auth/logout")).raise_for_status()

    async def refused_everywhere() -> bool:
        answers = [await ann.call("GET", path) for path in ("/cart", "/auth/me") for _ in range(4)]
        return {answer.status_code for answer in answers} == {401}

    await eventually(refused_everywhere)


async def test_a_changed_price_shows_in_the_cart_and_its_summary(shop: Shop, admin: Person) -> None:
    product = await new_product(admin, price=1_000)
    ann = await shop.register()
    await ann.add(product["id"], 3)
    assert (await ann.get("/cart/summary"))["total"] == 3_000
    change = await admin.call(
        "PATCH",
        f"/products/{product['id']}",
        json={"price": 1_250},
        headers={"If-Match": f'"{product["version"]}"'},
    )
    change.raise_for_status()

    async def shown() -> bool:
        summary, cart = await ann.get("/cart/summary"), await ann.get("/cart")
        assert cart["items"][0]["unit_price_when_added"] == 1_000
        return bool(summary["total"] == 3_750 and cart["items"][0]["unit_price"] == 1_250)

    await eventually(shown)


async def test_a_deleted_product_is_gone_from_every_cart(shop: Shop, admin: Person) -> None:
    product = await new_product(admin, price=500)
    ann = await shop.register()
    await ann.add(product["id"])
    headers = {"If-Match": f'"{product["version"]}"'}
    (await admin.call("DELETE", f"/products/{product['id']}", headers=headers)).raise_for_status()

    async def gone() -> bool:
        line = (await ann.get("/cart"))["items"][0]
        return bool(line["availability"] == "gone")

    await eventually(gone)


async def test_a_customer_cannot_change_products(shop: Shop) -> None:
    ann = await shop.register()
    response = await ann.call("POST", "/products", json={})
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"


async def new_product(admin: Person, price: int = 700, **fields: Any) -> dict[str, Any]:
    body = {
        "sku": f"E2E-{new_id()}",
        "name": "A thing for a test",
        "description": "Made by a test.",
        "brand": "Test",
        "categories": ["tests"],
        "price": price,
        "currency": "USD",
        "stock": 100,
        "status": "active",
        **fields,
    }
    response = await admin.call("POST", "/products", json=body)
    product: dict[str, Any] = response.raise_for_status().json()
    return product


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/api/v1/cart/openapi.json"])
async def test_the_documentation_is_served(shop: Shop, path: str) -> None:
    response = await shop.client.get(path, follow_redirects=True)
    assert response.status_code == 200


async def test_the_docs_page_loads_nothing_from_elsewhere(shop: Shop) -> None:
    page = (await shop.client.get("/docs", follow_redirects=True)).text
    assert "https://" not in page.replace("https://swagger.io", "")


@pytest.mark.parametrize("path", ["/metrics", "/nowhere", "/gateway/problems/404", "/api/v1/nothing"])
async def test_nothing_else_is_reachable(shop: Shop, path: str) -> None:
    response = await shop.client.get(path, headers={"X-Request-Id": "e2e-unknown"})
    problem = response.json()
    assert (response.status_code, problem["status"], problem["instance"]) == (404, 404, path)
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == response.headers["x-request-id"] == "e2e-unknown"


async def test_a_body_over_the_limit_is_a_problem_document(shop: Shop) -> None:
    ann = await shop.guest()
    response = await ann.call("POST", "/cart/items", content=b" " * 1_100_000)
    assert (response.status_code, response.json()["status"]) == (413, 413)


async def test_every_answer_has_a_request_id(shop: Shop) -> None:
    answers: list[httpx.Response] = [
        await shop.client.get(f"/api/v1/{path}") for path in ("cart", "products")
    ]
    identifiers = {answer.headers["x-request-id"] for answer in answers}
    assert len(identifiers) == 2


async def test_an_export_has_the_cart_and_the_log_has_what_an_administrator_did(shop: Shop) -> None:
    """Across the accounts of NATS: auth asks the cart, and hears of the administrator's write."""
    ann, admin = await shop.register(), await shop.admin()
    product = (await some_products(ann, 1))[0]
    body = {"product_id": product["id"]}
    added = await admin.call(
        "POST", "/cart/items", json=body, headers={"On-Behalf-Of": ann.session["user"]["id"]}
    )
    assert added.status_code == 200, added.text
    export = await ann.get("/auth/export")
    assert [line["product_id"] for line in export["services"]["cart"]["cart"]["lines"]] == [product["id"]]

    async def told() -> bool:
        events = (await ann.get("/auth/security-events"))["items"]
        return "cart.changed_on_behalf" in {event["type"] for event in events}

    await eventually(told)
