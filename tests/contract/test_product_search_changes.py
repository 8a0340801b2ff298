"""What every product search promises: following the products, and pages of many."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from product_service.search.ports import SearchQuery, Sort
from shared.store.elasticsearch.factory import ElasticsearchStoreFactory
from shared.store.sqlite.factory import SqliteStoreFactory
from tests.product_service.catalogues import NOW, product
from tests.product_service.searched_catalogue import SearchedCatalogue, open_catalogue


@pytest.fixture
async def catalogue(
    store_factory: ElasticsearchStoreFactory | SqliteStoreFactory,
) -> AsyncIterator[SearchedCatalogue]:
    async with open_catalogue(store_factory) as catalogue:
        yield catalogue


async def test_misspelt_words_are_not_mixed_into_good_matches(catalogue: SearchedCatalogue) -> None:
    await catalogue.put(product("LAMP", name="Lamp"), product("LAMB", name="Lamb"))
    assert await catalogue.skus("lamp") == ["LAMP"]


async def test_pages_neither_repeat_nor_skip(catalogue: SearchedCatalogue) -> None:
    made = [product(f"M-{n}", name=f"Mug {n % 3}", price=n % 4) for n in range(23)]
    await catalogue.put(*made)
    for query in [SearchQuery(text, sort=sort) for sort in Sort for text in ("", "mug", "mugg")]:
        seen = await pages(catalogue, query)
        whole = await catalogue.search.search(query, 100)
        assert seen == list(whole.items), query
        assert set(seen) == {each.id for each in made}, query


async def pages(catalogue: SearchedCatalogue, query: SearchQuery) -> list[str]:
    """The ids of all pages, one page after the other."""
    seen, after = [], None
    while True:
        hits = await catalogue.search.search(query, 5, after)
        assert (hits.total, hits.total_is_exact) == (23, True)
        seen += list(hits.items)
        after = hits.end
        if after is None:
            return seen


async def test_a_change_is_searched_after_a_refresh(catalogue: SearchedCatalogue) -> None:
    lamp = product("LAMP", name="Table Lamp")
    await catalogue.put(lamp)
    await catalogue.put(lamp.revised(product("LAMP", name="Chandelier", brand="Ferrand").details, NOW))
    assert await catalogue.skus("chandelier", brand="ferrand") == ["LAMP"]
    assert await catalogue.skus("table") == []


async def test_a_deleted_product_is_not_found(catalogue: SearchedCatalogue) -> None:
    lamp = product("LAMP", name="Table Lamp")
    await catalogue.put(lamp)
    await catalogue.put(lamp.removed(NOW))
    assert await catalogue.skus("table") == []


async def test_a_removed_document_is_not_found(catalogue: SearchedCatalogue) -> None:
    lamp = product("LAMP", name="Table Lamp")
    await catalogue.put(lamp, product("OIL", name="Table Oil"))
    await catalogue.repository.remove(lamp.id)
    await catalogue.store.refresh()
    assert await catalogue.skus("table") == ["OIL"]


async def test_a_total_is_exact_up_to_ten_thousand(catalogue: SearchedCatalogue) -> None:
    many = [product(f"M-{n}", name="Mug") for n in range(10_001)]
    for begin in range(0, 10_000, 2_000):  # no more than the queue before the store holds
        await catalogue.put(*many[begin : begin + 2_000])
    hits = await catalogue.search.search(SearchQuery("mug"), 1)
    assert (hits.total, hits.total_is_exact) == (10_000, True)
    await catalogue.put(many[-1])
    hits = await catalogue.search.search(SearchQuery("mug"), 1)
    assert (hits.total, hits.total_is_exact) == (10_000, False)
