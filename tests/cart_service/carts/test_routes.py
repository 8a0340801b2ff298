"""What each route does when all is well."""

from __future__ import annotations

from tests.cart_service.conftest import Catalogue, Customer
from tests.support.apps import both_ways

pytestmark = both_ways


async def test_a_new_customer_has_an_empty_cart(ann: Customer) -> None:
    answer = await ann.call("GET")
    assert answer.status_code == 200
    assert answer.headers["etag"].startswith('"0-')
    assert answer.json() == {
        "version": 0,
        "items": [],
        "item_count": 0,
        "line_count": 0,
        "subtotal": 0,
        "discount": 0,
        "total": 0,
        "currency": "USD",
        "promo_code": None,
        "notices": [],
        "saved_for_later": [],
        "undo": None,
        "updated_at": None,
    }


async def test_adding_answers_with_the_whole_cart(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    answer = await ann.add(mug, 2)
    assert answer.status_code == 200
    cart = answer.json()
    added_at = cart["items"][0].pop("added_at")
    assert cart["items"] == [
        {
            "product_id": mug,
            "name": "Mug",
            "image_url": "https://img.example/mug.jpg",
            "quantity": 2,
            "unit_price": 1299,
            "unit_price_now": 1299,
            "unit_price_when_added": 1299,
            "prices": [],
            "line_total": 2598,
            "discount": 0,
            "discount_explanation": None,
            "availability": "in_stock",
        }
    ]
    assert cart["updated_at"] == added_at
    assert (cart["item_count"], cart["line_count"]) == (2, 1)
    assert (cart["subtotal"], cart["discount"], cart["total"]) == (2598, 0, 2598)
    read = await ann.call("GET")
    assert read.content == answer.content
    assert read.headers["etag"] == answer.headers["etag"]
    assert read.headers["cache-control"] == "private, no-cache"


async def test_adding_again_adds_up(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    await ann.add(mug, 2)
    answer = await ann.call("POST", "/items", {"product_id": mug})
    assert [item["quantity"] for item in answer.json()["items"]] == [3]


async def test_a_guest_has_a_cart_too(replica, sign_in, catalogue: Catalogue) -> None:
    guest = sign_in(replica, role="guest")
    assert (await guest.add(await catalogue.put())).json()["item_count"] == 1


async def test_carts_are_apart(replica, sign_in, ann: Customer, catalogue: Catalogue) -> None:
    await ann.add(await catalogue.put())
    assert (await sign_in(replica).call("GET")).json()["items"] == []


async def test_the_summary_is_the_cart_in_short(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    cart = (await ann.add(mug, 2)).json()
    answer = await ann.call("GET", "/summary")
    summary = answer.json()
    assert summary["items"] == [
        {
            "product_id": mug,
            "name": "Mug",
            "quantity": 2,
            "unit_price": 1299,
            "prices": [],
            "line_total": 2598,
            "discount": 0,
            "discount_explanation": None,
            "availability": "in_stock",
        }
    ]
    totals = set(summary) - {"items"}
    assert {name: summary[name] for name in totals} == {name: cart[name] for name in totals}
    assert set(cart) - totals == {"items", "saved_for_later", "undo", "updated_at"}


async def test_setting_a_quantity(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    for quantity in (5, 2):
        cart = (await ann.call("PUT", f"/items/{mug}", {"quantity": quantity})).json()
        assert [item["quantity"] for item in cart["items"]] == [quantity]
    assert (await ann.call("PUT", f"/items/{mug}", {"quantity": 0})).json()["items"] == []


async def test_removing_and_clearing(ann: Customer, catalogue: Catalogue) -> None:
    mug, cup = await catalogue.put(), await catalogue.put()
    first = (await ann.add(mug)).json()
    await ann.add(cup)
    removed = (await ann.call("DELETE", f"/items/{mug}")).json()
    assert [item["product_id"] for item in removed["items"]] == [cup]
    assert (await ann.call("DELETE")).json()["items"] == []
    assert (await ann.call("GET", "/summary")).json()["version"] == first["version"] + 3


async def test_what_changes_nothing_makes_no_version(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    before = await ann.add(mug, 2)
    for method, path, body in (
        ("DELETE", "/items/absent", None),
        ("PUT", f"/items/{mug}", {"quantity": 2}),
        ("PUT", "/items/absent", {"quantity": 0}),
    ):
        answer = await ann.call(method, path, body)
        assert answer.status_code == 200
        assert answer.content == before.content


async def test_several_changes_at_once_make_one_version(ann: Customer, catalogue: Catalogue) -> None:
    mug, cup, pot = [await catalogue.put() for _ in range(3)]
    first = (await ann.add(mug)).json()
    operations = [
        {"op": "clear"},
        {"op": "add", "product_id": cup},
        {"op": "add", "product_id": cup, "quantity": 2},
        {"op": "set", "product_id": pot, "quantity": 7},
        {"op": "add", "product_id": mug},
        {"op": "remove", "product_id": mug},
    ]
    cart = (await ann.call("PATCH", "", {"operations": operations})).json()
    assert {item["product_id"]: item["quantity"] for item in cart["items"]} == {cup: 3, pot: 7}
    assert cart["version"] == first["version"] + 1


async def test_all_changes_are_made_or_none(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    before = await ann.add(mug)
    operations = [{"op": "add", "product_id": mug}, {"op": "add", "product_id": "unknown"}]
    answer = await ann.call("PATCH", "", {"operations": operations})
    assert (answer.status_code, answer.json()["product_id"]) == (404, "unknown")
    assert (await ann.call("GET")).content == before.content


async def test_more_than_the_stock_is_taken_and_noticed(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put(stock=3)
    cart = (await ann.add(mug, 5)).json()
    assert cart["items"][0]["availability"] == "short"
    assert cart["total"] == 5 * 1299
    message = "Only 3 of Mug are in stock; the cart asks for 5."
    assert cart["notices"] == [{"type": "stock_short", "product_id": mug, "message": message}]


async def test_a_read_with_the_present_etag_answers_304(ann: Customer, catalogue: Catalogue) -> None:
    await ann.add(await catalogue.put())
    for path in ("", "/summary"):
        etag = (await ann.call("GET", path)).headers["etag"]
        answer = await ann.call("GET", path, If_None_Match=f'W/{etag}, "other"')
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
        assert answer.headers["cache-control"] == "private, no-cache"
        assert (await ann.call("GET", path, If_None_Match='"other"')).status_code == 200


async def test_everything_needs_a_token(replica) -> None:
    for method, path in (("GET", ""), ("GET", "/summary"), ("POST", "/items"), ("DELETE", "")):
        answer = await replica.request(method, f"/api/v1/cart{path}")
        assert answer.status_code == 401, (method, path)
        assert "www-authenticate" in answer.headers
