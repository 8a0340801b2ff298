"""How many products the shop takes."""

from __future__ import annotations

import pytest

from product_service.products.capacity import Capacity
from product_service.products.model import CatalogueFull
from shared.events.ports import BusUnavailable


class Entries:
    """The number of entries, as NATS would tell it; None while NATS is away."""

    def __init__(self, number: int | None) -> None:
        self.number = number
        self.asked = 0

    async def count(self) -> int:
        self.asked += 1
        if self.number is None:
            raise BusUnavailable("away")
        return self.number


async def test_products_are_taken_up_to_the_limit() -> None:
    capacity = Capacity(Entries(2), 3)
    await capacity.refresh()
    capacity.take()
    with pytest.raises(CatalogueFull, match="3 products"):
        capacity.take()


async def test_a_limit_that_others_reached_counts_after_a_second() -> None:
    moment = 100.0
    entries = Entries(0)
    capacity = Capacity(entries, 3, lambda: moment)
    await capacity.refresh()
    entries.number = 3
    moment = 100.9
    await capacity.refresh()
    capacity.take()
    moment = 101.0
    await capacity.refresh()
    with pytest.raises(CatalogueFull):
        capacity.take()
    assert entries.asked == 2


async def test_the_last_count_holds_while_nats_is_away() -> None:
    moment = 100.0
    entries = Entries(3)
    capacity = Capacity(entries, 3, lambda: moment)
    await capacity.refresh()
    entries.number, moment = None, 200.0
    await capacity.refresh()
    with pytest.raises(CatalogueFull):
        capacity.take()
