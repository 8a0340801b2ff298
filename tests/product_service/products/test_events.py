"""Which events a change of a product is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from product_service.products.events import events_between
from product_service.products.model import Product, ProductStatus
from tests.product_service.catalogues import NOW, draft, product

LATER = NOW + timedelta(minutes=1)


def changed(before: Product, **changes: Any) -> Product:
    return before.revised(replace(before.details, **changes), LATER)


def types(before: Product | None, after: Product) -> list[str]:
    return [event.type for event in events_between(before, after)]


@pytest.mark.parametrize(
    ("changes", "happened"),
    [
        ({"price": 1}, ["product.price_changed"]),
        ({"stock": 1}, ["product.updated"]),
        ({"price": 1, "stock": 1}, ["product.price_changed", "product.updated"]),
        ({"status": ProductStatus.ARCHIVED}, ["product.archived"]),
        ({"status": ProductStatus.ARCHIVED, "name": "Pan"}, ["product.archived", "product.updated"]),
        ({"status": ProductStatus.DRAFT}, ["product.updated"]),
        ({"status": ProductStatus.DELETED}, ["product.deleted"]),
    ],
)
def test_facts_tell_what_a_change_was(changes: dict[str, Any], happened: list[str]) -> None:
    assert types(product(), changed(product(), **changes)) == happened


def test_an_archived_product_is_archived_once() -> None:
    archived = changed(product(), status=ProductStatus.ARCHIVED)
    assert types(archived, changed(archived, stock=1)) == ["product.updated"]


def test_a_product_is_created_where_there_was_none_or_a_tombstone() -> None:
    tombstone = product().removed(NOW)
    assert types(None, product()) == ["product.created"]
    assert types(tombstone, Product.from_draft(draft(), NOW, tombstone=tombstone)) == ["product.created"]


EDITS = st.fixed_dictionaries(
    {},
    optional={
        "price": st.integers(0, 2),
        "stock": st.integers(0, 2),
        "status": st.sampled_from(list(ProductStatus)),
        "attributes": st.dictionaries(st.sampled_from("ab"), st.sampled_from([1, 1.0, True, "x"])),
    },
)


@given(st.lists(EDITS))
def test_every_new_version_tells_at_least_one_fact(edits: list[dict[str, Any]]) -> None:
    before = product()
    for edit in edits:
        after = changed(before, **edit)
        events = events_between(before, after) if after is not before else []
        assert bool(events) is (after.version > before.version)
        assert after.version - before.version in (0, 1)
        before = after
