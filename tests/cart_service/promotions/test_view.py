"""What a replica knows of promotions."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from cart_service.changes import ChangeListener
from cart_service.promotions.model import Conditions, FixedAmount, FreeItem, Percentage, Promotion
from cart_service.promotions.view import WatchedPromotions
from tests.cart_service.memory import MemoryBucket
from tests.cart_service.memory_promotions import promotion_entry

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def promotion(code: str = "SPRING", **fields: object) -> Promotion:
    usual = {"benefit": Percentage(10), "conditions": Conditions(), "currency": "USD", "description": ""}
    return Promotion(code, created_at=NOW, **{**usual, **fields})  # type: ignore[arg-type]


async def started(bucket: MemoryBucket, capacity: int = 9, **limits: int) -> WatchedPromotions:
    view = WatchedPromotions(bucket, ChangeListener(), capacity=capacity, **limits)  # type: ignore[arg-type]
    await view.start()
    bucket.watches[-1].deliver()
    return view


async def test_every_kind_of_promotion_is_read_as_it_was_written() -> None:
    bucket = MemoryBucket()
    conditions = Conditions(5, ("Kitchen",), NOW, NOW.replace(year=2027), 1, 9)
    kinds = [
        promotion("PERCENT", conditions=conditions),
        promotion("FIXED", benefit=FixedAmount(5)).ended(NOW),
        promotion("FREE", benefit=FreeItem("mug", 2)),
    ]
    for kind in kinds:
        bucket.put_raw(kind.code, promotion_entry(kind))
    view = await started(bucket)
    assert [view.find(kind.code) for kind in kinds] == kinds
    await view.close()
    assert bucket.watches[-1].stopped


async def test_the_newest_version_stays_in_whatever_order_they_come() -> None:
    bucket = MemoryBucket()
    view = await started(bucket)
    ended = promotion().ended(NOW)
    view.remember(ended)
    bucket.put_raw("SPRING", promotion_entry(promotion()))
    bucket.watches[-1].deliver()
    assert view.find("SPRING") == ended


async def test_what_cannot_be_read_hides_nothing_and_nothing_is_forgotten_in_a_gap() -> None:
    bucket = MemoryBucket()
    bucket.put_raw("BROKEN", b"{")
    bucket.put_raw("STRANGE", orjson.dumps({"code": "STRANGE", "kind": "gift"}))
    bucket.put_raw("SPRING", promotion_entry(promotion()))
    view = await started(bucket)
    bucket.put_raw("SPRING", None)
    bucket.watches[-1].deliver()
    bucket.watches[-1].miss()
    assert view.find("BROKEN") is view.find("STRANGE") is None
    assert view.find("SPRING") == promotion()


async def test_only_so_many_are_kept_those_asked_for_last() -> None:
    view = await started(MemoryBucket(), capacity=2)
    for code in ("ONE", "TWO"):
        view.remember(promotion(code))
    view.find("ONE")
    view.remember(promotion("THREE"))
    assert [view.find(code) is not None for code in ("ONE", "TWO", "THREE")] == [True, False, True]


async def test_promotions_are_weighed_not_counted() -> None:
    view = await started(MemoryBucket(), most_bytes=10_000)
    for code in ("ONE", "TWO", "THREE"):
        view.remember(promotion(code))
    assert all(view.find(code) for code in ("ONE", "TWO", "THREE"))
    view.remember(promotion("LONG", description="x" * 7000))
    assert [view.find(code) is not None for code in ("ONE", "TWO", "THREE", "LONG")] == [
        False,
        False,
        True,
        True,
    ]
