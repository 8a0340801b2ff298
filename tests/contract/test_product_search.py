"""What every product search promises."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from product_service.adapters.documents import PRODUCTS, ProductCodec
from product_service.adapters.elasticsearch_search import ElasticsearchProductSearch
from product_service.adapters.sqlite_search import SqliteProductSearch
from product_service.domain import Product, ProductStatus
from product_service.ports import ProductSearch, SearchQuery, Sort
from shared.store.elasticsearch.factory import ElasticsearchStoreFactory
from shared.store.repository import AggregateRepository, Change
from shared.store.sqlite.factory import SqliteStoreFactory
from tests.product_service.catalogues import NOW, product

SHELF = {
    "BRULEE": {"name": "Crème Brûlée Set", "brand": "Ferrand", "price": 3490, "stock": 4},
    "OIL": {"name": "Olive Oil 500 ml", "categories": ("Pantry", "Épices & Oil"), "price": 1490, "stock": 9},
    "LAMP": {"name": "Table Lamp", "description": "A warm light.", "price": 8900, "stock": 0},
    "SHADE": {"name": "Lampshade", "brand": "Ferrand", "price": 2900, "stock": 3},
    "BOOK": {"name": "The Lighthouse", "description": "Read it by a lamp.", "price": 1490, "stock": 7},
    "PHONES": {"name": "Headphones Aria", "attributes": {"colour": "graphite", "hours": 38}, "price": 19900},
    "OLD": {"name": "Old Lamp", "price": 100, "status": ProductStatus.ARCHIVED},
}


@dataclass(frozen=True)
class Shelf:
    """A search and the products that it looks through."""

    search: ProductSearch
    repository: AggregateRepository[Product]

    async def put(self, *products: Product) -> None:
        for each in products:
            await self.repository.update(each.id, lambda _, each=each: Change(each, None))
        await self.search.refresh()

    async def skus(self, text: str = "", limit: int = 100, **query: Any) -> list[str]:
        """What is found, in order."""
        hits = await self.search.search(SearchQuery(text, **query), limit)
        assert hits.total == len(hits.ids)
        assert hits.total_is_exact
        return await self.named(hits.ids)

    async def named(self, ids: Any) -> list[str]:
        return [found.sku for found in await self.repository.get_many(ids) if found]


Open = Callable[[], Awaitable[Shelf]]


@pytest.fixture
async def empty(store_factory: ElasticsearchStoreFactory | SqliteStoreFactory) -> AsyncIterator[Shelf]:
    store = await store_factory.open(PRODUCTS)
    repository = AggregateRepository(store, ProductCodec())
    if isinstance(store_factory, ElasticsearchStoreFactory):
        alias = store_factory.alias(PRODUCTS)
        yield Shelf(ElasticsearchProductSearch(store_factory.gateway, alias, store.refresh), repository)
        return
    search = SqliteProductSearch(store_factory.path(PRODUCTS))
    await search.open()
    yield Shelf(search, repository)
    await search.close()


@pytest.fixture
async def shelf(empty: Shelf) -> Shelf:
    made = (product(sku, NOW + timedelta(days=day), **each) for day, (sku, each) in enumerate(SHELF.items()))
    await empty.put(*made)
    return empty


@pytest.mark.parametrize("text", ["crème brûlée", "CREME BRULEE", "Créme", "brul", "set creme"])
async def test_case_accents_order_and_word_ends_do_not_matter(shelf: Shelf, text: str) -> None:
    assert await shelf.skus(text) == ["BRULEE"]


@pytest.mark.parametrize("text", ["500ml", "500 ml", "oil 500"])
async def test_a_size_is_found_however_it_is_spaced(shelf: Shelf, text: str) -> None:
    assert await shelf.skus(text) == ["OIL"]


@pytest.mark.parametrize("text", ["graphite", "38", "phones", "PHONES"])
async def test_attributes_and_skus_are_searched(shelf: Shelf, text: str) -> None:
    assert await shelf.skus(text) == ["PHONES"]


async def test_categories_and_brands_are_searched(shelf: Shelf) -> None:
    assert await shelf.skus("epices") == ["OIL"]
    assert sorted(await shelf.skus("ferrand")) == ["BRULEE", "SHADE"]


async def test_every_word_has_to_match(shelf: Shelf) -> None:
    assert await shelf.skus("lamp warm") == ["LAMP"]
    assert await shelf.skus("lamp graphite") == []


async def test_a_whole_word_in_the_name_weighs_most(shelf: Shelf) -> None:
    """More than one in the description (the book), and more than a beginning (the shade)."""
    first, *others = await shelf.skus("lamp")
    assert first == "LAMP"
    assert sorted(others) == ["BOOK", "SHADE"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("haedphones", ["PHONES"]),
        ("headfones", ["PHONES"]),
        ("brulle", ["BRULEE"]),
        ("olve oyl", ["OIL"]),
        ("lapm table", ["LAMP"]),
    ],
)
async def test_typos_are_forgiven_where_nothing_else_matches(
    shelf: Shelf, text: str, found: list[str]
) -> None:
    assert await shelf.skus(text) == found


@pytest.mark.parametrize("text", ["eadphones", "hxxdphoxxs", "ol", "zzz"])
async def test_not_every_typo_is_forgiven(shelf: Shelf, text: str) -> None:
    assert await shelf.skus(text) == (["OIL"] if text == "ol" else [])


async def test_misspelt_words_are_not_mixed_into_good_matches(empty: Shelf) -> None:
    await empty.put(product("LAMP", name="Lamp"), product("LAMB", name="Lamb"))
    assert await empty.skus("lamp") == ["LAMP"]


@pytest.mark.parametrize("text", ["?!", '"', "*", "--", "( )", "\x00"])
async def test_a_text_without_words_finds_nothing(shelf: Shelf, text: str) -> None:
    assert await shelf.skus(text) == []


@pytest.mark.parametrize("text", ['lamp" OR name:x', "lamp AND", "lamp*", "NEAR(lamp, table)", "lamp'; --"])
async def test_no_text_is_taken_for_syntax(shelf: Shelf, text: str) -> None:
    await shelf.search.search(SearchQuery(text), 10)


async def test_only_the_first_sixteen_words_count(shelf: Shelf) -> None:
    assert await shelf.skus("lamp table " * 8 + "graphite") == ["LAMP"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"category": "PANTRY"}, ["OIL"]),
        ({"category": "epices & oil"}, ["OIL"]),
        ({"category": "epices"}, []),
        ({"brand": "férrand"}, ["BRULEE", "SHADE"]),
        ({"brand": "ferr"}, []),
        ({"price_min": 3490}, ["BRULEE", "LAMP", "PHONES"]),
        ({"price_max": 1490}, ["BOOK", "OIL"]),
        ({"price_min": 2900, "price_max": 3490}, ["BRULEE", "SHADE"]),
        ({"in_stock": False}, ["LAMP", "PHONES"]),
        ({"in_stock": True}, ["BOOK", "BRULEE", "OIL", "SHADE"]),
        ({"status": ProductStatus.ARCHIVED}, ["OLD"]),
        ({"status": ProductStatus.DRAFT}, []),
        ({"text": "lamp", "in_stock": True, "brand": "ferrand"}, ["SHADE"]),
    ],
)
async def test_filters(shelf: Shelf, query: dict[str, Any], found: list[str]) -> None:
    assert sorted(await shelf.skus(**query)) == found


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        (Sort.RELEVANCE, ["PHONES", "BOOK", "SHADE", "LAMP", "OIL", "BRULEE"]),
        (Sort.NEWEST, ["PHONES", "BOOK", "SHADE", "LAMP", "OIL", "BRULEE"]),
        (Sort.PRICE, ["BOOK", "OIL", "SHADE", "BRULEE", "LAMP", "PHONES"]),
        (Sort.PRICE_DESCENDING, ["PHONES", "LAMP", "BRULEE", "SHADE", "BOOK", "OIL"]),
        (Sort.NAME, ["BRULEE", "PHONES", "SHADE", "OIL", "LAMP", "BOOK"]),
    ],
)
async def test_sorts(shelf: Shelf, sort: Sort, found: list[str]) -> None:
    assert await shelf.skus(sort=sort) == found


async def test_a_text_can_be_sorted_by_price(shelf: Shelf) -> None:
    assert await shelf.skus("lamp", sort=Sort.PRICE) == ["BOOK", "SHADE", "LAMP"]


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("text", ["", "mug", "mugg"])
async def test_pages_neither_repeat_nor_skip(empty: Shelf, sort: Sort, text: str) -> None:
    made = [product(f"M-{n}", name=f"Mug {n % 3}", price=n % 4) for n in range(23)]
    await empty.put(*made)
    query, after, seen = SearchQuery(text, sort=sort), None, []
    while True:
        hits = await empty.search.search(query, 5, after)
        assert (hits.total, hits.total_is_exact) == (23, True)
        seen += list(hits.ids)
        after = hits.next
        if after is None:
            break
    whole = await empty.search.search(query, 100)
    assert seen == list(whole.ids)
    assert set(seen) == {each.id for each in made}


async def test_a_full_last_page_is_the_last(shelf: Shelf) -> None:
    hits = await shelf.search.search(SearchQuery(), 6)
    assert (len(hits.ids), hits.next) == (6, None)


async def test_a_change_is_searched_after_a_refresh(shelf: Shelf) -> None:
    lamp = product("LAMP", **SHELF["LAMP"])
    await shelf.put(lamp.revised(product("LAMP", name="Chandelier", brand="Ferrand").details, NOW))
    assert await shelf.skus("chandelier", brand="ferrand") == ["LAMP"]
    assert "LAMP" not in await shelf.skus("table")


async def test_a_deleted_product_is_not_found(shelf: Shelf) -> None:
    await shelf.put(product("LAMP", **SHELF["LAMP"]).removed(NOW))
    assert await shelf.skus("table") == []


async def test_a_removed_document_is_not_found(shelf: Shelf) -> None:
    await shelf.repository.remove(product("LAMP").id)
    await shelf.search.refresh()
    assert await shelf.skus("table") == []
