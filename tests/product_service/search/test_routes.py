"""Listing products."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from product_service.products.schemas import ProductPage
from product_service.search.schemas import ListParameters
from tests.product_service.catalogues import body, items
from tests.product_service.editors import PRODUCTS, Editor
from tests.support.apps import both_ways
from tests.support.tokens import TokenIssuer

pytestmark = both_ways


async def test_the_status_filter_is_for_editors(shop: httpx.AsyncClient, tokens: TokenIssuer) -> None:
    assert (await shop.get(PRODUCTS, params={"status": "draft"})).status_code == 401
    shopper = {"Authorization": tokens.issue()}
    assert (await shop.get(PRODUCTS, params={"status": "draft"}, headers=shopper)).status_code == 403
    assert (await shop.get(PRODUCTS, params={"status": "active"})).status_code == 200


async def test_products_are_found_by_words_and_filters(shop: httpx.AsyncClient, editor: Editor) -> None:
    pan = await editor.add(name="Crêpe Pan", brand="Petit Foyer", categories=["Kitchen"], price=3650, stock=0)
    wok = await editor.add(name="Wok", brand="Ironmere", categories=["Kitchen"], price=5450)
    queries: list[tuple[dict[str, Any], list[str]]] = [
        ({"q": "CREPE"}, [pan["id"]]),
        ({"q": "  "}, [wok["id"], pan["id"]]),
        ({"q": "crepes"}, [pan["id"]]),
        ({"brand": "ironmere"}, [wok["id"]]),
        ({"category": "kitchen", "sort": "price"}, [pan["id"], wok["id"]]),
        ({"category": "kitchen", "sort": "-price"}, [wok["id"], pan["id"]]),
        ({"sort": "name"}, [pan["id"], wok["id"]]),
        ({"sort": "newest"}, [wok["id"], pan["id"]]),
        ({"price_min": 3651, "price_max": 5450}, [wok["id"]]),
        ({"in_stock": "true"}, [wok["id"]]),
        ({"in_stock": "false"}, [pan["id"]]),
        ({"q": "samovar"}, []),
    ]
    for query, found in queries:
        answer = await shop.get(PRODUCTS, params=query)
        assert items(answer) == found, query
        assert answer.json()["total"] == len(found)
        ProductPage.model_validate_json(answer.content)


async def test_a_list_is_read_page_by_page(shop: httpx.AsyncClient, editor: Editor) -> None:
    await editor.load(body(sku=f"M-{number}", name="Mug", price=number // 3) for number in range(11))
    for query in ({"q": "mug"}, {"sort": "price"}, {"q": "mugg", "sort": "name"}, {"in_stock": "true"}):
        pages = await read_pages(shop, {**query, "limit": "4"})
        assert [len(page) for page in pages] == [4, 4, 3]
        assert len({id for page in pages for id in page}) == 11


async def read_pages(shop: httpx.AsyncClient, query: dict[str, str]) -> list[list[str]]:
    pages = []
    while True:
        answer = await shop.get(PRODUCTS, params=query)
        pages.append(items(answer))
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return pages
        query = {**query, "cursor": cursor}


async def test_a_cursor_is_good_for_its_own_query_only(shop: httpx.AsyncClient, editor: Editor) -> None:
    await editor.load(body(sku=f"M-{number}", name="Mug") for number in range(3))
    first = await shop.get(PRODUCTS, params={"q": "mug", "limit": 1})
    cursor = first.json()["next_cursor"]
    assert (await shop.get(PRODUCTS, params={"q": "mug", "limit": 2, "cursor": cursor})).status_code == 200
    middle = len(cursor) // 2
    tampered = cursor[:middle] + ("A" if cursor[middle] != "A" else "B") + cursor[middle + 1 :]
    others = [
        {"q": "mugs", "cursor": cursor},
        {"q": "mug", "sort": "price", "cursor": cursor},
        {"q": "mug", "in_stock": "true", "cursor": cursor},
        {"q": "mug", "cursor": tampered},
        {"q": "mug", "cursor": cursor[:-2]},
    ]
    for query in others:
        answer = await shop.get(PRODUCTS, params=query)
        assert answer.status_code == 422, query
        assert answer.json()["errors"][0]["pointer"] == "query:cursor"


async def test_ids_are_answered_in_order_and_as_of_the_last_write(
    shop: httpx.AsyncClient, editor: Editor
) -> None:
    first, second, third = [await editor.add() for _ in range(3)]
    await editor.send("PATCH", f"/{second['id']}", version=1, json={"price": 7})
    await editor.send("DELETE", f"/{third['id']}", version=1)
    ids = [second["id"], "unknown", third["id"], first["id"], second["id"], ""]
    answer = (await shop.get(PRODUCTS, params={"ids": ",".join(ids)})).json()
    assert [(item["id"], item["price"]) for item in answer["items"]] == [
        (second["id"], 7),
        (first["id"], 3650),
    ]
    assert (answer["total"], answer["total_is_exact"], answer["next_cursor"]) == (2, True, None)


async def test_an_empty_parameter_counts_as_not_given(shop: httpx.AsyncClient, editor: Editor) -> None:
    pan = await editor.add(brand="Petit Foyer", categories=["Kitchen"])
    without_brand = await editor.add()
    everything = (await shop.get(PRODUCTS)).json()
    assert items(await shop.get(PRODUCTS)) == [without_brand["id"], pan["id"]]
    for name in ListParameters.model_fields:
        assert (await shop.get(PRODUCTS, params={name: ""})).json() == everything, name


async def test_a_text_without_words_finds_nothing(
    shop: httpx.AsyncClient, editor: Editor, subtests: pytest.Subtests
) -> None:
    await editor.add(brand="", categories=["!!"])
    for name in ["q", "brand"]:
        for text in ["!!", "\u0301", "…"]:
            with subtests.test(name=name, text=text):
                assert items(await shop.get(PRODUCTS, params={name: text})) == []


async def test_a_misspelt_parameter_is_named(shop: httpx.AsyncClient, editor: Editor) -> None:
    added = await editor.add()
    for path, pointer in (("?categry=Audio", "categry"), (f"/{added['id']}?limit=1", "limit")):
        answer = await shop.get(f"{PRODUCTS}{path}")
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"query:{pointer}"]
    assert (await editor.send("POST", "/import?mode=merge")).status_code == 422


async def test_a_hundred_ids_may_be_asked_for(shop: httpx.AsyncClient, editor: Editor) -> None:
    added = await editor.add()
    ids = [*(f"p{number}" for number in range(99)), added["id"]]
    assert items(await shop.get(PRODUCTS, params={"ids": ",".join(ids)})) == [added["id"]]


async def test_ids_stand_alone(shop: httpx.AsyncClient) -> None:
    answer = await shop.get(PRODUCTS, params={"ids": "p1", "q": "pan", "limit": 3})
    assert answer.status_code == 422
    assert "limit, q" in answer.json()["errors"][0]["message"]


async def test_a_list_shows_every_product_as_it_is_now(shop: httpx.AsyncClient, editor: Editor) -> None:
    """Whatever the search knows yet: what has left the shop is out at once, and a price is the new one."""
    mug, cup, jug = [await editor.add(name=name) for name in ("Mug", "Cup", "Jug")]
    await editor.send("PATCH", f"/{mug['id']}", version=1, json={"price": 7})
    await editor.send("PATCH", f"/{cup['id']}", version=1, json={"status": "archived"})
    await editor.send("DELETE", f"/{jug['id']}", version=1)
    listed = (await shop.get(PRODUCTS)).json()["items"]
    assert [(item["id"], item["price"], item["version"]) for item in listed] == [(mug["id"], 7, 2)]
