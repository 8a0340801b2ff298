"""The replica's view of the catalogue: asked on demand, kept up to date, never ahead of what it claims."""

from __future__ import annotations

import asyncio

import pytest

from cart_service.catalogue.model import CatalogueStatus
from cart_service.catalogue.ports import CatalogueUnavailable
from cart_service.catalogue.view import CatalogueView
from cart_service.changes import ChangeListener
from tests.cart_service.memory import MemoryBucket
from tests.support.waiting import eventually


@pytest.fixture
def bucket() -> MemoryBucket:
    bucket = MemoryBucket()
    for id in ("mug", "cup", "pot"):
        bucket.put_product(id)
    return bucket


@pytest.fixture
async def view(bucket: MemoryBucket):
    view = CatalogueView(bucket, ChangeListener(), currency="USD", capacity=2)
    await view.start()
    yield view
    await view.close()


def prices(view: CatalogueView, *ids: str) -> list[int]:
    snapshot = view.known(ids)
    return [snapshot.products[id].price for id in ids]


async def test_a_product_is_asked_for_once(view: CatalogueView, bucket: MemoryBucket) -> None:
    assert view.known(["mug"]).products == {}
    for _ in range(2):
        snapshot = await view.load(["mug", "cup"])
    assert [snapshot.products[id].price for id in ("mug", "cup")] == [1, 2]
    assert sorted(bucket.gets) == ["cup", "mug"]


async def test_several_who_ask_at_once_ask_once(view: CatalogueView, bucket: MemoryBucket) -> None:
    await asyncio.gather(*(view.load(["mug"]) for _ in range(5)))
    assert bucket.gets == ["mug"]


async def test_the_product_used_longest_ago_is_dropped(view: CatalogueView, bucket: MemoryBucket) -> None:
    for id in ("mug", "cup", "mug", "pot"):
        await view.load([id])
    assert set(view.known(["mug", "cup", "pot"]).products) == {"mug", "pot"}


async def test_a_load_of_more_than_fits_gives_them_all(view: CatalogueView) -> None:
    assert set((await view.load(["mug", "cup", "pot"])).products) == {"mug", "cup", "pot"}


async def test_a_change_replaces_what_is_kept(view: CatalogueView, bucket: MemoryBucket) -> None:
    await view.load(["mug"])
    price = bucket.put_product("mug")
    bucket.watches[0].deliver()
    assert prices(view, "mug") == [price]
    assert bucket.gets == ["mug"]


async def test_an_unknown_product_is_remembered_until_it_comes(
    view: CatalogueView, bucket: MemoryBucket
) -> None:
    for _ in range(2):
        snapshot = await view.load(["new"])
        assert snapshot.products["new"].status is CatalogueStatus.MISSING
    assert bucket.gets == ["new"]
    bucket.put_product("new")
    bucket.watches[0].deliver()
    assert view.known(["new"]).products["new"].for_sale


@pytest.mark.parametrize(
    "value",
    [None, b"nonsense", b"[]", b"{}", b'{"currency": "USD", "status": "odd", "name": 1}'],
)
async def test_what_cannot_be_read_is_not_for_sale(view: CatalogueView, bucket: MemoryBucket, value) -> None:
    await view.load(["mug"])
    bucket.put_raw("mug", value)
    bucket.watches[0].deliver()
    assert not view.known(["mug"]).products["mug"].for_sale


async def test_without_nats_what_is_known_is_still_there(view: CatalogueView, bucket: MemoryBucket) -> None:
    await view.load(["mug"])
    bucket.available = False
    assert (await view.load(["mug"])).products["mug"].price == 1
    with pytest.raises(CatalogueUnavailable):
        await view.load(["mug", "cup"])


async def test_a_change_heard_while_asking_is_asked_for_again(
    view: CatalogueView, bucket: MemoryBucket
) -> None:
    bucket.gate = asyncio.Event()
    asked = asyncio.create_task(view.load(["mug"]))
    await eventually(lambda: bucket.gets)
    price = bucket.put_product("mug")
    bucket.watches[0].deliver()
    bucket.gate.set()
    assert (await asked).products["mug"].price == price


async def test_an_answer_that_stays_behind_is_not_kept_nor_claimed(
    view: CatalogueView, bucket: MemoryBucket
) -> None:
    stale = bucket.log[0]
    bucket.put_product("mug")
    bucket.watches[0].deliver()
    bucket.log[-1] = stale  # a lagging server of a cluster answers
    snapshot = await view.load(["mug"])
    assert snapshot.revision == stale.revision
    assert not view.unchanged_since(snapshot.revision, lambda: ["mug"])
    assert view.known(["mug"]).products == {}


async def test_what_was_asked_before_a_gap_is_not_kept(view: CatalogueView, bucket: MemoryBucket) -> None:
    bucket.gate = asyncio.Event()
    asked = asyncio.create_task(view.load(["mug"]))
    await eventually(lambda: bucket.gets)
    bucket.put_product("mug")
    bucket.watches[0].miss()
    bucket.gate.set()
    await asked
    assert view.known(["mug"]).products == {}


async def test_a_load_claims_no_more_than_was_heard_before_it(
    view: CatalogueView, bucket: MemoryBucket
) -> None:
    bucket.gate = asyncio.Event()
    asked = asyncio.create_task(view.load(["mug"]))
    await eventually(lambda: bucket.gets)
    bucket.put_product("cup")
    bucket.watches[0].deliver()
    bucket.gate.set()
    assert (await asked).revision == 3


async def test_a_revision_is_judged_by_what_was_heard(view: CatalogueView, bucket: MemoryBucket) -> None:
    revision = bucket.put_product("mug")
    bucket.watches[0].deliver()
    assert view.unchanged_since(revision, lambda: ["mug"])
    assert view.unchanged_since(revision - 1, lambda: ["cup"])
    assert not view.unchanged_since(revision - 1, lambda: ["cup", "mug"])
    assert not view.unchanged_since(revision - 2, lambda: ["cup"])  # before the watch began
    assert not view.unchanged_since(revision + 1, lambda: ["cup"])  # not heard of yet


async def test_forgotten_changes_are_not_vouched_for(view: CatalogueView, bucket: MemoryBucket) -> None:
    for id in ("mug", "cup", "pot"):
        bucket.put_product(id)
    bucket.watches[0].deliver()
    assert not view.unchanged_since(3, lambda: ["other"])
    assert view.unchanged_since(4, lambda: ["other"])


async def test_closing_ends_the_watch_and_what_is_asked(bucket: MemoryBucket) -> None:
    view = CatalogueView(bucket, ChangeListener(), currency="USD", capacity=2)
    await view.close()
    await view.start()
    bucket.gate = asyncio.Event()
    asked = asyncio.create_task(view.load(["mug"]))
    await eventually(lambda: bucket.gets)
    await view.close()
    assert bucket.watches[0].stopped
    with pytest.raises(asyncio.CancelledError):
        await asked


async def test_products_are_weighed_not_counted(bucket: MemoryBucket) -> None:
    bucket.put_product("pan", name="P" * 5000)
    view = CatalogueView(bucket, ChangeListener(), currency="USD", capacity=100, most_bytes=6000)
    await view.start()
    await view.load(["mug", "cup", "pot"])
    assert set(view.known(["mug", "cup", "pot"]).products) == {"mug", "cup", "pot"}
    assert (await view.load(["pan"])).products["pan"].name == "P" * 5000
    assert "mug" not in view.known(["mug", "cup", "pot", "pan"]).products
    bucket.put_product("pan", name="P" * 7000)
    bucket.watches[0].deliver()
    assert "pan" not in view.known(["pan"]).products
    await view.close()
