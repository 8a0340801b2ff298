"""Saving for later, undoing and accepting what changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.cart_service.conftest import Catalogue, Customer
from tests.support.waiting import eventually


async def patch(customer: Customer, *operations: dict[str, Any], **headers: str):
    return await customer.call("PATCH", "", {"operations": list(operations)}, **headers)


async def test_a_line_is_saved_and_restored(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    line = (await ann.add(mug, 2)).json()["items"][0]
    saved = (await patch(ann, {"op": "save", "product_id": mug})).json()
    assert (saved["items"], saved["saved_for_later"]) == ([], [line])
    assert (saved["item_count"], saved["total"]) == (0, 0)
    assert (await ann.call("GET", "/summary")).json()["line_count"] == 0
    restored = (await patch(ann, {"op": "restore", "product_id": mug})).json()
    assert (restored["items"], restored["saved_for_later"]) == ([line], [])
    assert restored["version"] == saved["version"] + 1


async def test_what_is_saved_shows_the_price_of_now(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put(price=100)
    await ann.add(mug)
    await patch(ann, {"op": "save", "product_id": mug})
    await catalogue.put(mug, price=90, version=2)

    async def shows_it() -> bool:
        (line,) = (await ann.call("GET")).json()["saved_for_later"]
        return (line["unit_price_now"], line["unit_price_when_added"]) == (90, 100)

    await eventually(shows_it)
    assert (await ann.call("GET")).json()["notices"] == []


async def test_a_batch_that_names_what_is_not_there_changes_nothing(
    ann: Customer, catalogue: Catalogue
) -> None:
    mug = await catalogue.put()
    before = await ann.add(mug)
    for op in ("save", "restore"):
        refused = await patch(ann, {"op": "clear"}, {"op": op, "product_id": mug})
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:trolley:problem:not-in-cart")
    assert (await ann.call("GET")).content == before.content


async def test_discarding_is_not_restoring(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    await ann.add(mug)
    await patch(ann, {"op": "save", "product_id": mug})
    cart = (await patch(ann, {"op": "discard", "product_id": mug})).json()
    assert (cart["items"], cart["saved_for_later"]) == ([], [])


async def test_a_cleared_cart_comes_back(ann: Customer, catalogue: Catalogue) -> None:
    mug, cup = await catalogue.put(), await catalogue.put()
    await ann.add(mug, 2)
    before = (await ann.add(cup)).json()
    cleared = (await ann.call("DELETE")).json()
    assert cleared["undo"]["operation"] == "clear"
    back = (await ann.call("POST", "/undo")).json()
    assert (back["items"], back["undo"]) == (before["items"], None)
    again = await ann.call("POST", "/undo")
    assert (again.status_code, again.json()["type"]) == (409, "urn:trolley:problem:nothing-to-undo")


async def test_undo_is_repeatable_under_a_key(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    await ann.add(mug, 2)
    await ann.call("DELETE", f"/items/{mug}")
    first = await ann.call("POST", "/undo", Idempotency_Key="u")
    again = await ann.call("POST", "/undo", Idempotency_Key="u")
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotent-replayed"] == "true"


async def test_acknowledging_settles_the_notices(ann: Customer, catalogue: Catalogue) -> None:
    dear, short, gone = await catalogue.put(), await catalogue.put(), await catalogue.put()
    for product in (dear, short, gone):
        await ann.add(product, 5)
    await catalogue.put(dear, price=1500, version=2)
    await catalogue.put(short, stock=2, version=2)
    await catalogue.put(gone, status="archived", version=2)

    async def are_three() -> bool:
        return len((await ann.call("GET")).json()["notices"]) == 3

    await eventually(are_three)
    acknowledged = (await ann.call("POST", "/acknowledge")).json()
    assert acknowledged["notices"] == []
    assert {item["product_id"]: item["quantity"] for item in acknowledged["items"]} == {dear: 5, short: 2}
    assert acknowledged["items"][0]["unit_price_when_added"] == 1500
    assert acknowledged["total"] == 5 * 1500 + 2 * 1299
    assert (await ann.call("POST", "/acknowledge")).json()["version"] == acknowledged["version"]


@pytest.fixture
def dearer(ann: Customer, catalogue: Catalogue) -> Callable[[], Awaitable[None]]:
    """Puts something into the cart, then makes it dearer until the cart shows that."""

    async def dearer() -> None:
        mug = await catalogue.put(price=1200)
        await ann.add(mug)
        await catalogue.put(mug, price=1500, version=2)

        async def is_noticed() -> bool:
            return bool((await ann.call("GET")).json()["notices"])

        await eventually(is_noticed)

    return dearer


async def test_a_price_that_nobody_has_seen_is_not_accepted(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put(price=1200)
    seen = (await ann.add(mug)).headers["etag"]
    await catalogue.put(mug, price=1500, version=2)

    async def is_refused() -> bool:
        return (await ann.call("POST", "/acknowledge", If_Match=seen)).status_code == 412

    await eventually(is_refused)
    refused = await ann.call("POST", "/acknowledge", If_Match=seen)
    problem = refused.json()
    assert (problem["differences"], problem["cart"]["total"]) == ([], 1500)
    assert "other prices" in problem["detail"]
    assert problem["cart"] == (await ann.call("GET")).json()
    accepted = await ann.call("POST", "/acknowledge", If_Match=refused.headers["etag"])
    assert (accepted.status_code, accepted.json()["notices"]) == (200, [])


@pytest.mark.parametrize("path", ["", "/summary"])
async def test_what_the_cart_or_its_summary_has_shown_is_accepted(ann: Customer, dearer, path: str) -> None:
    await dearer()
    seen = (await ann.call("GET", path)).headers["etag"]
    accepted = await ann.call("POST", "/acknowledge", If_Match=f'"7-0", {seen}')
    assert (accepted.status_code, accepted.json()["notices"]) == (200, [])


async def test_who_names_a_version_alone_accepts_any_price(ann: Customer, dearer) -> None:
    await dearer()
    version = (await ann.call("GET")).json()["version"]
    assert (await ann.call("POST", "/acknowledge", If_Match=f'"{version}-0"')).status_code == 412
    assert (await ann.call("POST", "/acknowledge", If_Match=f'"{version}"')).status_code == 200


async def test_a_held_price_counts_until_it_is_acknowledged(
    tokens, start_replica, sign_in, catalogue: Catalogue
) -> None:
    async with start_replica(cart_price_policy="freeze") as client:
        ann = sign_in(client)
        mug = await catalogue.put(price=1000)
        await ann.add(mug)
        await catalogue.put(mug, price=3000, version=2)

        async def is_noticed() -> bool:
            return bool((await ann.call("GET", "/summary")).json()["notices"])

        await eventually(is_noticed)
        assert (await ann.call("GET", "/summary")).json()["total"] == 1000
        assert (await ann.call("POST", "/acknowledge")).json()["total"] == 3000


async def test_a_change_that_takes_itself_back_leaves_everything_as_it_was(
    ann: Customer, catalogue: Catalogue
) -> None:
    mug, cup = await catalogue.put(), await catalogue.put()
    await ann.add(mug, 2)
    removed = await ann.call("DELETE", f"/items/{mug}")
    operations = [{"op": "add", "product_id": cup}, {"op": "remove", "product_id": cup}]
    nothing = await ann.call("PATCH", "", {"operations": operations})
    assert (nothing.headers["etag"], nothing.json()) == (removed.headers["etag"], removed.json())
    back = (await ann.call("POST", "/undo")).json()
    assert [(item["product_id"], item["quantity"]) for item in back["items"]] == [(mug, 2)]
    assert back["version"] > nothing.json()["version"]


async def test_an_undo_takes_back_the_whole_request(ann: Customer, catalogue: Catalogue) -> None:
    mug, cup = await catalogue.put(), await catalogue.put()
    await ann.add(mug, 2)
    before = (await ann.add(cup)).json()
    operations = [{"op": "clear"}, {"op": "add", "product_id": mug, "quantity": 2}]
    await ann.call("PATCH", "", {"operations": operations})
    back = (await ann.call("POST", "/undo")).json()
    assert [back[name] for name in ("items", "total", "undo")] == [
        before[name] for name in ("items", "total", "undo")
    ]
    assert (await ann.call("POST", "/undo")).status_code == 409


async def test_one_piece_at_the_old_price_takes_no_others_along(
    tokens, start_replica, sign_in, catalogue: Catalogue
) -> None:
    async with start_replica(cart_price_policy="hold:24") as client:
        ann = sign_in(client)
        mug = await catalogue.put(price=1000)
        await ann.add(mug)
        await catalogue.put(mug, price=3000, version=2)

        async def is_noticed() -> bool:
            return bool((await ann.call("GET", "/summary")).json()["notices"])

        await eventually(is_noticed)
        (item,) = (await ann.add(mug, 998)).json()["items"]
        assert item["line_total"] == 1000 + 998 * 3000
        assert item["prices"] == [
            {"quantity": 1, "unit_price": 1000},
            {"quantity": 998, "unit_price": 3000},
        ]
        await ann.call("PATCH", "", {"operations": [{"op": "save", "product_id": mug}]})
        restored = await ann.call("PATCH", "", {"operations": [{"op": "restore", "product_id": mug}]})
        assert restored.json()["items"] == [item]
        less = (await ann.call("PUT", f"/items/{mug}", {"quantity": 2})).json()
        assert (less["total"], (await ann.call("GET", "/summary")).json()["total"]) == (4000, 4000)
