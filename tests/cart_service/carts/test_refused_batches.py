"""A batch that is refused names every operation that has to be corrected."""

from __future__ import annotations

import pytest

from cart_service.carts.errors import LineLimitReached
from cart_service.carts.model import Cart
from cart_service.carts.operations import AddItem, RestoreSaved, SaveForLater, apply_all
from cart_service.catalogue.errors import UnknownProduct
from cart_service.catalogue.model import CatalogueProduct, CatalogueStatus
from cart_service.limits import MAX_LINES
from tests.cart_service.conftest import Catalogue, Customer


def pointers(problem: dict) -> list[str]:
    return [error["pointer"] for error in problem["errors"]]


async def test_every_refused_operation_is_named(ann: Customer, catalogue: Catalogue) -> None:
    mug, old = await catalogue.put(), await catalogue.put(status="archived")
    before = (await ann.add(mug)).json()
    operations = [
        {"op": "add", "product_id": mug, "quantity": 999},
        {"op": "set", "product_id": mug, "quantity": 5},
        {"op": "add", "product_id": "nowhere"},
        {"op": "add", "product_id": old},
        {"op": "save", "product_id": "nowhere"},
        {"op": "restore", "product_id": mug},
    ]
    refused = await ann.call("PATCH", "", {"operations": operations})
    problem = refused.json()
    assert (refused.status_code, problem["type"]) == (409, "urn:trolley:problem:line-limit-reached")
    assert pointers(problem) == [
        "/operations/0/quantity",
        "/operations/2/product_id",
        "/operations/3/product_id",
        "/operations/4/product_id",
        "/operations/5/product_id",
    ]
    assert all(error["message"] for error in problem["errors"])
    assert (await ann.call("GET")).json() == before


async def test_a_single_refused_operation_is_named_too(ann: Customer, catalogue: Catalogue) -> None:
    operations = [
        {"op": "add", "product_id": await catalogue.put()},
        {"op": "add", "product_id": "nowhere"},
    ]
    refused = await ann.call("PATCH", "", {"operations": operations})
    assert (refused.status_code, pointers(refused.json())) == (404, ["/operations/1/product_id"])


async def test_every_operation_of_a_wrong_shape_is_named(ann: Customer) -> None:
    wrong = [{"op": "add", "product_id": "?"} for _ in range(MAX_LINES)]
    refused = await ann.call("PATCH", "", {"operations": wrong})
    assert refused.status_code == 422
    assert pointers(refused.json()) == [f"/operations/{n}/product_id" for n in range(MAX_LINES)]


def test_a_write_that_is_no_batch_is_refused_as_it_is() -> None:
    products = {"mug": CatalogueProduct("mug", "Mug", None, 100, 9, CatalogueStatus.MISSING, 1)}
    with pytest.raises(UnknownProduct) as refused:
        apply_all([AddItem("mug", 1)], Cart("ann"), products, "2026-01-01T00:00:00.000Z")
    assert refused.value.errors == ()


def test_operations_after_a_refused_one_are_judged_without_it() -> None:
    products = {"mug": CatalogueProduct("mug", "Mug", None, 100, 9, CatalogueStatus.ACTIVE, 1)}
    batch = [AddItem("mug", 999), AddItem("mug", 1), SaveForLater("mug"), RestoreSaved("mug")]
    with pytest.raises(LineLimitReached) as refused:
        apply_all(batch, Cart("ann"), products, "2026-01-01T00:00:00.000Z", is_batch=True)
    assert [error.pointer for error in refused.value.errors] == ["/operations/1/quantity"]
