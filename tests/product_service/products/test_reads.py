"""Showing products."""

from __future__ import annotations

import httpx
import pytest

from tests.product_service.catalogues import items
from tests.product_service.editors import PRODUCTS, Editor
from tests.support.apps import both_ways
from tests.support.tokens import TokenIssuer

pytestmark = both_ways


async def test_a_product_that_did_not_change_is_not_sent_again(
    shop: httpx.AsyncClient, editor: Editor
) -> None:
    added = await editor.add()
    path = f"{PRODUCTS}/{added['id']}"
    first = await shop.get(path)
    again = await shop.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", '"1"')
    await editor.send("PATCH", f"/{added['id']}", version=1, json={"price": 1})
    changed = await shop.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.headers["cache-control"] == "no-cache"


NO_PRODUCTS = ["p" + 31 * "0", "x", "import", "%00", "ü"]


async def test_what_is_no_product_is_not_found(shop: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    for id in NO_PRODUCTS:
        with subtests.test(id=id):
            answer = await shop.get(f"{PRODUCTS}/{id}")
            assert answer.status_code in (400, 404)
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("status", ["draft", "archived"])
async def test_only_editors_see_what_is_not_on_sale(
    shop: httpx.AsyncClient, editor: Editor, tokens: TokenIssuer, status: str
) -> None:
    hidden, shown = await editor.add(status=status), await editor.add()
    path, ids = f"{PRODUCTS}/{hidden['id']}", {"ids": f"{hidden['id']},{shown['id']}"}
    for headers in ({}, {"Authorization": tokens.issue()}, {"Authorization": "Bearer expired"}):
        assert (await shop.get(path, headers=headers)).status_code == 404
        assert items(await shop.get(PRODUCTS, headers=headers)) == [shown["id"]]
        assert items(await shop.get(PRODUCTS, headers=headers, params=ids)) == [shown["id"]]
    assert (await editor.send("GET", f"/{hidden['id']}")).json() == hidden
    assert items(await editor.send("GET", params=ids)) == [hidden["id"], shown["id"]]
    assert items(await editor.send("GET", params={"status": status})) == [hidden["id"]]
    assert items(await editor.send("GET")) == [shown["id"]]
