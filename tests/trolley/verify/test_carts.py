"""Carts: their products, announced versions and cached summaries."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from cart_service.carts.operations import SaveForLater
from cart_service.carts.rendering import render_cart
from cart_service.carts.service import CartWrite
from cart_service.carts.summaries import cache_key
from cart_service.carts.versions import pack
from shared.cache.ports import CacheUnavailable
from tests.support.servers import RedisServer
from tests.trolley.verify.shops import ShopWriter, verify
from trolley.verify.shop import Shop

PRODUCTS, SUMMARIES, VERSIONS = "products of carts", "cached summaries", "announced versions"


async def lose_product(shop: Shop, writer: ShopWriter, id: str) -> None:
    """Removes the product completely."""
    document = await writer.document(id)
    await shop.products.store.delete(id, document.version)
    await shop.products.bucket.delete(id)


async def cached(shop: Shop, owner: str) -> tuple[int, bytes]:
    kept = await shop.cache.get(cache_key(owner))
    assert kept is not None
    return kept.version, kept.value


async def overwrite(shop: Shop, owner: str, version: int, value: bytes) -> None:
    await shop.cache.delete(cache_key(owner))
    assert await shop.cache.set_if_newer(cache_key(owner), version, value, 60)


async def test_carts_that_agree_are_no_finding(shop: Shop, writer: ShopWriter) -> None:
    mug, pan = await writer.product(), await writer.product()
    owner = await writer.cart(mug.id, pan.id)
    await writer.cart(mug.id)
    await shop.carts.service.writer.write(CartWrite(owner, [SaveForLater(pan.id)]))
    await writer.reprice(mug.id, 7)
    result = await verify(shop)
    assert result.findings == []
    assert result.tallies[SUMMARIES].looked_at == result.tallies[PRODUCTS].looked_at == 2


async def test_lines_of_a_product_that_nobody_knows_are_removed(shop: Shop, writer: ShopWriter) -> None:
    mug, lost, later = [await writer.product() for _ in range(3)]
    owner = await writer.cart(mug.id, lost.id, later.id)
    other = await writer.cart(mug.id)
    await shop.carts.service.writer.write(CartWrite(owner, [SaveForLater(later.id)]))
    await lose_product(shop, writer, lost.id)
    await lose_product(shop, writer, later.id)
    reported = await verify(shop)
    assert (PRODUCTS, owner, "found") in reported.findings
    assert any(lost.id in detail and later.id in detail for detail in reported.details)
    repaired = await verify(shop, fix=True)
    assert (PRODUCTS, owner, "repaired") in repaired.findings
    cart = await writer.stored(owner)
    assert (list(cart.lines), list(cart.saved)) == ([mug.id], [])
    assert list((await writer.stored(other)).lines) == [mug.id]
    assert (await verify(shop)).findings == []


async def test_a_line_of_a_deleted_product_stays_as_gone(shop: Shop, writer: ShopWriter) -> None:
    mug = await writer.product()
    owner = await writer.cart(mug.id)
    document = await writer.document(mug.id)
    await shop.products.store.delete(mug.id, document.version)  # its entry is left
    repaired = await verify(shop, fix=True)
    assert PRODUCTS not in {check for check, _, _ in repaired.findings}
    assert (await verify(shop)).findings == []
    assert list((await writer.stored(owner)).lines) == [mug.id]
    body = orjson.loads(render_cart(await shop.carts.service.reader.read(owner)).body)
    assert body["items"][0]["availability"] == "gone"


async def test_without_any_product_no_cart_is_touched(shop: Shop, writer: ShopWriter) -> None:
    mug = await writer.product()
    owner = await writer.cart(mug.id)
    await lose_product(shop, writer, mug.id)
    result = await verify(shop, fix=True)
    assert (PRODUCTS, owner, "left") in result.findings
    assert any("restore" in detail for detail in result.details)
    assert list((await writer.stored(owner)).lines) == [mug.id]


@pytest.mark.parametrize("wrong", ["body", "older", "newer", "torn"])
async def test_a_wrong_summary_is_dropped(shop: Shop, writer: ShopWriter, wrong: str) -> None:
    mug = await writer.product()
    owner, other = await writer.cart(mug.id), await writer.cart(mug.id)
    old_version, old_value = await cached(shop, owner)
    if wrong == "older":
        await writer.set_quantity(owner, mug.id, 5)
    version = {"newer": old_version + pack(3, 0)}.get(wrong, old_version)
    value = {"body": old_value.replace(b'"quantity":1', b'"quantity":2'), "torn": b"torn"}.get(
        wrong, old_value
    )
    await overwrite(shop, owner, version, value)
    assert (await verify(shop)).findings == [(SUMMARIES, owner, "found")]
    assert (await verify(shop, fix=True)).findings == [(SUMMARIES, owner, "repaired")]
    assert await shop.cache.get(cache_key(owner)) is None
    assert await shop.cache.get(cache_key(other)) is not None
    assert (await verify(shop)).findings == []


async def test_a_summary_that_every_replica_refuses_is_no_finding(shop: Shop, writer: ShopWriter) -> None:
    mug = await writer.product()
    repriced, announced, outdated, held, ahead = [await writer.cart(mug.id) for _ in range(5)]
    version, value = await cached(shop, ahead)  # made when the bucket was another one
    await overwrite(shop, ahead, version + 1000, value.replace(b"Pan", b"Pot"))
    version, value = await cached(shop, announced)
    await writer.set_quantity(announced, mug.id, 5)
    await overwrite(shop, announced, version, value)
    newest = (await writer.stored(announced)).version
    await shop.carts.announcements.put(announced, orjson.dumps({"version": newest}))
    version, _ = await cached(shop, outdated)
    await overwrite(shop, outdated, version + pack(1, 0), b"")
    version, value = await cached(shop, held)
    form, etag, _, rest = value.split(b"\n", 3)
    await overwrite(shop, held, version, b"\n".join((form, etag, b"1000", rest.replace(b"Pan", b"Pot"))))
    await writer.reprice(mug.id, 1)  # the summary of `repriced` shows the old price
    assert await shop.cache.get(cache_key(repriced)) is not None
    assert (await verify(shop)).findings == []


async def test_an_announced_version_that_was_lost_is_taken_back(shop: Shop, writer: ShopWriter) -> None:
    mug = await writer.product()
    lost, right, torn = [await writer.cart(mug.id) for _ in range(3)]
    version = (await writer.stored(lost)).version
    for owner, announced in ((lost, version + 2), (right, version), ("nobody", 5)):
        await shop.carts.announcements.put(owner, orjson.dumps({"version": announced}))
    await shop.carts.announcements.put(torn, b"?")
    assert sorted((await verify(shop)).findings) == sorted((VERSIONS, it, "found") for it in (lost, torn))
    result = await verify(shop, fix=True)
    assert sorted(result.findings) == sorted((VERSIONS, it, "repaired") for it in (lost, torn))
    assert await shop.carts.announcements.get(lost) is None
    assert await shop.carts.announcements.get(right) is not None
    assert (await verify(shop)).findings == []


async def test_a_cache_that_goes_away_is_no_agreement(
    shop: Shop, writer: ShopWriter, redis_server: RedisServer
) -> None:
    await writer.cart((await writer.product()).id)
    redis_server.stop()
    with pytest.raises(CacheUnavailable, match="REDIS_URL"):
        await verify(shop)


async def test_a_cache_that_is_busy_for_a_second_is_waited_for(
    shop: Shop, writer: ShopWriter, redis_server: RedisServer
) -> None:
    await writer.cart((await writer.product()).id)
    redis_server.pause()
    asyncio.get_running_loop().call_later(1, redis_server.resume)
    assert (await verify(shop)).findings == []
