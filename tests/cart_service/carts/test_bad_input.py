"""What is not acceptable is named, and writes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cart_service.conftest import Catalogue, Customer
from tests.support.apps import both_ways

pytestmark = both_ways

BAD_QUANTITIES: list[Any] = [-1, 1000, 10**30, 1.5, 1e300, "2", True, None, [], {}, float("inf")]


@pytest.fixture
async def mug(catalogue: Catalogue) -> str:
    return await catalogue.put()


@pytest.fixture(autouse=True)
async def nothing_is_written(ann: Customer, mug: str):
    before = await ann.add(mug, 3)
    yield
    assert (await ann.call("GET")).content == before.content


async def send(ann: Customer, method: str, path: str, content: bytes):
    headers = {**ann.headers, "Content-Type": "application/json"}
    return await ann.client.request(method, f"/api/v1/cart{path}", content=content, headers=headers)


QUANTITIES_TO_ADD = [0, *BAD_QUANTITIES[:-1]]


async def test_a_quantity_to_add_is_a_number_from_1_to_999(
    ann: Customer, mug: str, subtests: pytest.Subtests
) -> None:
    for quantity in QUANTITIES_TO_ADD:
        with subtests.test(quantity=quantity):
            answer = await ann.call("POST", "/items", {"product_id": mug, "quantity": quantity})
            assert answer.status_code in (400, 422)
            if answer.status_code == 422:
                assert [error["pointer"] for error in answer.json()["errors"]] == ["/quantity"]


QUANTITIES_TO_SET = BAD_QUANTITIES[:-1]


async def test_a_quantity_to_set_is_a_number_from_0_to_999(
    ann: Customer, mug: str, subtests: pytest.Subtests
) -> None:
    for quantity in QUANTITIES_TO_SET:
        with subtests.test(quantity=quantity):
            answer = await ann.call("PUT", f"/items/{mug}", {"quantity": quantity})
            assert answer.status_code in (400, 422)


FIELDS = [
    ("POST", "/items", {}, "/product_id"),
    ("POST", "/items", {"product_id": ""}, "/product_id"),
    ("POST", "/items", {"product_id": "a/b"}, "/product_id"),
    ("POST", "/items", {"product_id": "a.*"}, "/product_id"),
    ("POST", "/items", {"product_id": "p\n"}, "/product_id"),
    ("POST", "/items", {"product_id": "p" * 65}, "/product_id"),
    ("POST", "/items", {"product_id": 7}, "/product_id"),
    ("POST", "/items", {"product_id": "p", "amount": 1}, "/amount"),
    ("PUT", "/items/p", {}, "/quantity"),
    ("PUT", "/items/p", {"quantity": 1, "product_id": "p"}, "/product_id"),
    ("PUT", "/items/a.b", {"quantity": 1}, "path:product_id"),
    ("DELETE", "/items/%20", None, "path:product_id"),
    ("PATCH", "", {"operations": []}, "/operations"),
    ("PATCH", "", {"operations": [{"op": "clear"}] * 501}, "/operations"),
    ("PATCH", "", {"operations": [{"op": "fly"}]}, "/operations/0/op"),
    (
        "PATCH",
        "",
        {"operations": [{"op": "clear"}, {"op": "add", "product_id": "p", "quantity": 0}]},
        "/operations/1/quantity",
    ),
    ("PATCH", "", {"operations": [{"op": "clear", "product_id": "p"}]}, "/operations/0/product_id"),
]


async def test_the_field_is_named(ann: Customer, subtests: pytest.Subtests) -> None:
    for method, path, body, pointer in FIELDS:
        with subtests.test(method=method, path=path, body=body, pointer=pointer):
            answer = await ann.call(method, path, body)
            assert answer.status_code == 422
            assert answer.headers["content-type"] == "application/problem+json"
            assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_a_body_that_is_no_json(ann: Customer, subtests: pytest.Subtests) -> None:
    for content in [b"", b"{", b"nonsense", b'{"quantity": NaN}', b"\xff\xfe", b'{"quantity":1}{}']:
        for method, path in [("POST", "/items"), ("PUT", "/items/p"), ("PATCH", "")]:
            with subtests.test(content=content, method=method, path=path):
                answer = await send(ann, method, path, content)
                assert answer.status_code in (400, 422)
                assert answer.headers["content-type"] == "application/problem+json"


NO_OBJECTS = [b"[]", b'"text"', b"1", b"null", b"true"]


async def test_a_body_that_is_no_object(ann: Customer, subtests: pytest.Subtests) -> None:
    for content in NO_OBJECTS:
        with subtests.test(content=content):
            assert (await send(ann, "POST", "/items", content)).status_code == 422


async def test_unknown_products(ann: Customer, catalogue: Catalogue) -> None:
    draft, deleted = await catalogue.put(status="draft"), await catalogue.put(status="deleted")
    euros = await catalogue.put(currency="EUR")
    for id in ("unknown", draft, deleted, euros):
        for answer in (await ann.add(id), await ann.call("PUT", f"/items/{id}", {"quantity": 1})):
            assert answer.status_code == 404
            assert answer.json()["type"].endswith("product-not-found")
            assert answer.json()["product_id"] == id


async def test_products_not_sold_any_more(ann: Customer, catalogue: Catalogue) -> None:
    archived = await catalogue.put(status="archived")
    answer = await ann.add(archived)
    assert (answer.status_code, answer.json()["product_id"]) == (409, archived)


async def test_a_line_that_would_be_too_long(ann: Customer, mug: str) -> None:
    answer = await ann.add(mug, 997)
    problem = answer.json()
    assert answer.status_code == 409
    assert (problem["product_id"], problem["quantity"], problem["limit"]) == (mug, 3, 999)
