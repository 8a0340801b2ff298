"""Writes with If-Match."""

from __future__ import annotations

import pytest

from tests.cart_service.conftest import Catalogue, Customer
from tests.support.waiting import eventually


async def test_a_write_with_the_present_etag_is_made(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    first = await ann.add(mug)
    second = await ann.add(mug, 1, If_Match=first.headers["etag"])
    assert (second.status_code, second.json()["item_count"]) == (200, 2)
    condition = f'"7-0", "{second.json()["version"]}-0"'
    assert (await ann.call("DELETE", If_Match=condition)).json()["items"] == []


@pytest.mark.parametrize("condition", ["*", '"{}"', '"{}-ffff"'])
async def test_the_condition_asks_for_the_carts_version(
    ann: Customer, catalogue: Catalogue, condition
) -> None:
    mug = await catalogue.put()
    version = (await ann.add(mug)).json()["version"]
    assert (await ann.add(mug, 1, If_Match=condition.format(version))).status_code == 200


async def test_a_price_change_does_not_stand_in_the_way(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    etag = (await ann.add(mug)).headers["etag"]
    await catalogue.put(mug, price=1)
    assert (await ann.add(mug, 1, If_Match=etag)).status_code == 200


async def test_a_write_with_an_older_etag_learns_what_differs(ann: Customer, catalogue: Catalogue) -> None:
    mug, cup, pot = [await catalogue.put() for _ in range(3)]
    await ann.add(mug)
    known = await ann.add(cup, 3)
    await ann.call("PUT", f"/items/{cup}", {"quantity": 1})
    await ann.call("DELETE", f"/items/{mug}")
    await ann.add(pot, 2)
    present = await ann.call("GET")
    answer = await ann.add(mug, 1, If_Match=known.headers["etag"])
    problem = answer.json()
    assert answer.status_code == 412
    assert answer.headers["etag"] == present.headers["etag"]
    assert problem["type"].endswith("cart-changed")
    assert problem["cart"] == present.json()
    assert sorted(problem["differences"], key=lambda it: it["product_id"]) == sorted(
        [
            {"product_id": cup, "field": "quantity", "then": 3, "now": 1},
            {"product_id": mug, "field": "quantity", "then": 1, "now": 0},
            {"product_id": pot, "field": "quantity", "then": 0, "now": 2},
        ],
        key=lambda it: str(it["product_id"]),
    )
    assert (await ann.call("GET")).content == present.content
    assert (await ann.add(mug, 1, If_Match=answer.headers["etag"])).status_code == 200


async def test_what_is_no_quantity_is_named_as_well(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put(price=1200)
    known = (await ann.add(mug)).headers["etag"]
    await catalogue.put(mug, price=1500, version=2)

    async def is_dearer() -> bool:
        return (await ann.call("GET")).json()["total"] == 1500

    await eventually(is_dearer)
    await ann.call("POST", "/acknowledge")
    await ann.call("PATCH", "", {"operations": [{"op": "save", "product_id": mug}]})
    await ann.call("PATCH", "", {"operations": [{"op": "restore", "product_id": mug}]})
    refused = await ann.add(mug, 1, If_Match=known)
    assert refused.json()["differences"] == [
        {"product_id": mug, "field": "unit_price_when_added", "then": 1200, "now": 1500}
    ]


NO_VERSIONS = ['"9"', 'W/"1"', '"abc"', '"-1"', '""']


async def test_what_is_no_version_of_the_cart_never_matches(
    ann: Customer, catalogue: Catalogue, subtests: pytest.Subtests
) -> None:
    await ann.add(await catalogue.put())
    for condition in NO_VERSIONS:
        with subtests.test(condition=condition):
            answer = await ann.call("DELETE", If_Match=condition)
            assert (answer.status_code, answer.json()["differences"]) == (412, None)


async def test_a_condition_that_is_none_is_refused(ann: Customer) -> None:
    answer = await ann.call("DELETE", If_Match="1")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "header:If-Match")
