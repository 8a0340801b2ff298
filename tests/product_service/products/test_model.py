"""The product's rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from product_service.products.model import MAX_ATTRIBUTES, Product, ProductDetails
from shared.errors import InvalidInput
from tests.product_service.catalogues import NOW, details, draft, product

LATER = NOW + timedelta(minutes=1)


def changed(before: Product, **changes: Any) -> Product:
    return before.revised(replace(before.details, **changes), LATER)


def test_an_id_is_made_from_the_sku_without_its_case() -> None:
    assert draft("abc-1").id == draft("ABC-1").id
    assert draft("abc-1").id != draft("abc-2").id
    assert len(draft().id) == 32
    assert draft().id.startswith("p")


def test_a_revision_counts_on_and_keeps_the_time_of_creation() -> None:
    revised = changed(product(), price=1)
    assert (revised.version, revised.created_at, revised.updated_at) == (2, NOW, LATER)


def test_a_revision_without_a_difference_is_the_same_product() -> None:
    before = product(attributes={"size": 1})
    assert before.revised(details(attributes={"size": 1}), LATER) is before


@pytest.mark.parametrize("value", [1, 1.0, True, "1"])
@pytest.mark.parametrize("other", [1, 1.0, True, "1"])
def test_attributes_differ_when_their_json_differs(value: Any, other: Any) -> None:
    same = details(attributes={"a": value}).is_same_as(details(attributes={"a": other}))
    assert same is (type(value) is type(other))


def test_a_product_that_comes_back_takes_its_version_on() -> None:
    tombstone = product().removed(NOW)
    assert tombstone.deleted
    assert not tombstone.is_shown(hidden=True)
    back = Product.from_draft(draft(), LATER, tombstone=tombstone)
    assert (back.version, back.created_at, back.is_shown(hidden=False)) == (3, LATER, True)


def test_a_draft_is_sold_in_the_currency_of_the_shop_only() -> None:
    assert draft().sold_in("USD") == draft()
    with pytest.raises(InvalidInput) as refused:
        draft().sold_in("EUR")
    assert refused.value.errors[0].pointer == "/currency"


def test_a_merge_patch_changes_what_it_names() -> None:
    before = details(description="Flat.", attributes={"a": 1, "b": 2})
    merged = before.merged({"price": 1, "attributes": {"b": None, "c": "x", "d": None}})
    assert merged == replace(before, price=1, attributes={"a": 1, "c": "x"})
    assert before.merged({"name": "Pan"}) == replace(before, name="Pan")


def test_a_merge_patch_cannot_make_too_many_attributes() -> None:
    full = details(attributes={str(number): number for number in range(MAX_ATTRIBUTES)})
    assert full.merged({"attributes": {"0": None, "new": 1}}).attributes["new"] == 1
    with pytest.raises(InvalidInput) as refused:
        full.merged({"attributes": {"new": 1}})
    assert refused.value.errors[0].pointer == "/attributes"


def test_an_entry_holds_what_a_cart_needs() -> None:
    assert product(image_url="/pan.webp", stock=2).entry() == {
        "id": draft().id,
        "version": 1,
        "name": "Crêpe Pan",
        "image_url": "/pan.webp",
        "price": 3650,
        "currency": "USD",
        "stock": 2,
        "status": "active",
        "categories": [],
    }


def test_details_are_equal_to_themselves_after_an_empty_patch() -> None:
    before: ProductDetails = details(attributes={"a": True})
    assert before.merged({}).is_same_as(before)
