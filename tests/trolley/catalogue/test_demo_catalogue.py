"""The demo catalogue is large and varied, and the import accepts every line of it."""

from __future__ import annotations

from collections import Counter

import orjson

from product_service.imports.stream import parse_line
from trolley.catalogue import import_lines

PRODUCTS = [orjson.loads(line) for line in import_lines()]


def test_every_line_is_taken() -> None:
    assert [line for line in import_lines() if parse_line(1, line, "USD").errors] == []


def test_it_is_large_and_varied_enough() -> None:
    assert len(PRODUCTS) >= 150
    categories = Counter(product["categories"][0] for product in PRODUCTS)
    assert len(categories) == 10
    assert min(categories.values()) >= 15
    assert len({product["brand"] for product in PRODUCTS}) >= 30


def test_every_product_is_its_own() -> None:
    for field in ("sku", "name", "description"):
        assert len({product[field] for product in PRODUCTS}) == len(PRODUCTS)


def test_some_products_are_sold_out_and_most_are_not() -> None:
    sold_out = sum(product["stock"] == 0 for product in PRODUCTS)
    assert 5 <= sold_out <= len(PRODUCTS) // 5


def test_no_product_shows_an_image_that_is_not_there() -> None:
    assert all(product.get("image_url") is None for product in PRODUCTS)


def test_it_belongs_to_no_currency() -> None:
    assert all("currency" not in product for product in PRODUCTS)


def test_its_order_is_fixed() -> None:
    assert list(import_lines()) == list(import_lines())
