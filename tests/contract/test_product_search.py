"""What every product search promises: finding. These tests share one catalogue."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from product_service.products.model import ProductStatus
from product_service.search.ports import SearchQuery, Sort
from shared.ids import new_id
from shared.settings import ServiceSettings
from shared.store.factory import create_store_factory
from tests.product_service.catalogues import NOW, product
from tests.product_service.searched_catalogue import SearchedCatalogue, open_catalogue
from tests.support.elasticsearch import delete_indices, require_elasticsearch

pytestmark = pytest.mark.asyncio(loop_scope="module")

CATALOGUE = {
    "BRULEE": {"name": "Crème Brûlée Set", "brand": "Ferrand", "price": 3490, "stock": 4},
    "OIL": {"name": "Olive Oil 500 ml", "categories": ("Pantry", "Épices & Oil"), "price": 1490, "stock": 9},
    "LAMP": {"name": "Table Lamp", "description": "A warm light.", "price": 8900, "stock": 0},
    "SHADE": {"name": "Lampshade", "brand": "Ferrand", "price": 2900, "stock": 3},
    "BOOK": {"name": "The Lighthouse", "description": "Read it by a lamp.", "price": 1490, "stock": 7},
    "PHONES": {"name": "Headphones Aria", "attributes": {"colour": "graphite", "hours": 38}, "price": 19900},
    "OLD": {"name": "Old Lamp", "price": 100, "status": ProductStatus.ARCHIVED},
}


BACKENDS = ["sqlite", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=BACKENDS)
async def catalogue(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SearchedCatalogue]:
    url, prefix = "", f"test-{new_id()}-"
    if request.param == "elasticsearch":
        url = require_elasticsearch()
    directory = tmp_path_factory.mktemp("store")
    settings = ServiceSettings(
        elasticsearch_url=url, elasticsearch_index_prefix=prefix, sqlite_directory=directory
    )
    factory = create_store_factory(settings)
    async with open_catalogue(factory) as catalogue:
        days = enumerate(CATALOGUE.items())
        await catalogue.put(*(product(sku, NOW + timedelta(days=day), **each) for day, (sku, each) in days))
        yield catalogue
    await factory.close()
    if url:
        delete_indices(url, prefix)


@pytest.mark.parametrize("text", ["crème brûlée", "CREME BRULEE", "Créme", "brul", "set creme"])
async def test_case_accents_order_and_word_ends_do_not_matter(
    catalogue: SearchedCatalogue, text: str
) -> None:
    assert await catalogue.skus(text) == ["BRULEE"]


@pytest.mark.parametrize("text", ["500ml", "500 ml", "oil 500"])
async def test_a_size_is_found_however_it_is_spaced(catalogue: SearchedCatalogue, text: str) -> None:
    assert await catalogue.skus(text) == ["OIL"]


@pytest.mark.parametrize("text", ["graphite", "38", "phones", "PHONES"])
async def test_attributes_and_skus_are_searched(catalogue: SearchedCatalogue, text: str) -> None:
    assert await catalogue.skus(text) == ["PHONES"]


async def test_categories_and_brands_are_searched(catalogue: SearchedCatalogue) -> None:
    assert await catalogue.skus("epices") == ["OIL"]
    assert sorted(await catalogue.skus("ferrand")) == ["BRULEE", "SHADE"]


async def test_every_word_has_to_match(catalogue: SearchedCatalogue) -> None:
    assert await catalogue.skus("lamp warm") == ["LAMP"]
    assert await catalogue.skus("lamp graphite") == []


async def test_a_whole_word_in_the_name_weighs_most(catalogue: SearchedCatalogue) -> None:
    """More than one in the description (the book), and more than a beginning (the shade)."""
    first, *others = await catalogue.skus("lamp")
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
    catalogue: SearchedCatalogue, text: str, found: list[str]
) -> None:
    assert await catalogue.skus(text) == found


@pytest.mark.parametrize("text", ["eadphones", "hxxdphoxxs", "ol", "zzz"])
async def test_not_every_typo_is_forgiven(catalogue: SearchedCatalogue, text: str) -> None:
    assert await catalogue.skus(text) == (["OIL"] if text == "ol" else [])


@pytest.mark.parametrize("text", ["?!", '"', "*", "--", "( )", "\x00"])
async def test_a_text_without_words_finds_nothing(catalogue: SearchedCatalogue, text: str) -> None:
    assert await catalogue.skus(text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('lamp" OR name:x', "lamp or name x"),
        ("lamp AND", "lamp and"),
        ("lamp*", "lamp"),
        ("-lamp", "lamp"),
        ("table^5", "table 5"),
        ("NEAR(lamp, table)", "near lamp table"),
        ("{name} : lamp", "name lamp"),
        ("lamp'; --", "lamp"),
    ],
)
async def test_no_text_is_taken_for_syntax(catalogue: SearchedCatalogue, text: str, words: str) -> None:
    """It finds what its bare words find."""
    assert await catalogue.skus(text) == await catalogue.skus(words)
    assert await catalogue.skus(text) != await catalogue.skus()


async def test_only_the_first_sixteen_words_count(catalogue: SearchedCatalogue) -> None:
    assert await catalogue.skus("lamp table " * 8 + "graphite") == ["LAMP"]


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
async def test_filters(catalogue: SearchedCatalogue, query: dict[str, Any], found: list[str]) -> None:
    assert sorted(await catalogue.skus(**query)) == found


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        (Sort.RELEVANCE, ["PHONES", "BOOK", "SHADE", "LAMP", "OIL", "BRULEE"]),
        (Sort.NEWEST, ["PHONES", "BOOK", "SHADE", "LAMP", "OIL", "BRULEE"]),
        (Sort.PRICE, ["BOOK", "OIL", "SHADE", "BRULEE", "LAMP", "PHONES"]),
        (Sort.PRICE_DESCENDING, ["PHONES", "LAMP", "BRULEE", "SHADE", "OIL", "BOOK"]),
        (Sort.NAME, ["BRULEE", "PHONES", "SHADE", "OIL", "LAMP", "BOOK"]),
    ],
)
async def test_sorts(catalogue: SearchedCatalogue, sort: Sort, found: list[str]) -> None:
    assert await catalogue.skus(sort=sort) == found


async def test_a_text_can_be_sorted_by_price(catalogue: SearchedCatalogue) -> None:
    assert await catalogue.skus("lamp", sort=Sort.PRICE) == ["BOOK", "SHADE", "LAMP"]


async def test_a_full_last_page_is_the_last(catalogue: SearchedCatalogue) -> None:
    hits = await catalogue.search.search(SearchQuery(), 6)
    assert (len(hits.items), hits.end) == (6, None)
