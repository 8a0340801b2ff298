"""What ends an import early, and what does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

import pytest

from product_service.imports.service import (
    IMPORTS_AT_ONCE,
    ImportLine,
    ImportOutcome,
    ImportService,
    TooManyImports,
)
from product_service.products.capacity import Capacity
from product_service.products.model import Product
from shared.aggregates.change import Change
from shared.clock import SystemClock
from shared.errors import FieldError, PayloadTooLarge
from shared.store.ports import StoreUnavailable
from tests.product_service.catalogues import draft

R = TypeVar("R")


class MemoryProducts:
    """Products in a dictionary, for so many writes; then the store is away. `asked` counts the waits for a
    delivery, which succeed while NATS is `connected`."""

    def __init__(self, writes: int = 1000, *, connected: bool = True) -> None:
        self.kept: dict[str, Product] = {}
        self.asked = 0
        self._writes = writes
        self._connected = connected

    async def get(self, id: str) -> Product | None:
        return self.kept.get(id)

    async def get_many(self, ids: Sequence[str]) -> list[Product | None]:
        return [self.kept.get(id) for id in ids]

    async def update(self, id: str, change: Callable[[Product | None], Change[Product, R]]) -> R:
        if self._writes == 0:
            raise StoreUnavailable("Away.")
        self._writes -= 1
        made = change(self.kept.get(id))
        if made.aggregate is not None:
            self.kept[id] = made.aggregate
        return made.result

    async def delivered(self, id: str, timeout_seconds: float) -> bool:
        self.asked += 1
        await asyncio.sleep(0)
        return self._connected

    async def refresh(self) -> None:
        """Nothing searches here."""


class Entries:
    """Entries of products: their number, and who asked for it."""

    def __init__(self, number: int = 0) -> None:
        self.number, self.asked = number, 0

    async def count(self) -> int:
        self.asked += 1
        return self.number


def service(products: MemoryProducts) -> ImportService:
    return ImportService(products, Capacity(Entries(), 1000), SystemClock(), "USD")


async def chunks(*sizes: int) -> AsyncIterator[list[ImportLine]]:
    """Chunks of good lines."""
    number = 0
    for size in sizes:
        lines = []
        for _ in range(size):
            number += 1
            lines.append(ImportLine(number, f"M-{number}", draft(f"M-{number}")))
        yield lines


async def test_a_store_that_goes_away_ends_the_import_with_what_was_taken() -> None:
    products = MemoryProducts(writes=7)
    imports = service(products)
    with pytest.raises(StoreUnavailable) as ended:
        await imports.run(chunks(3, 5, 5))
    report = ended.value.extra["report"]
    assert (report["created"], report["failed"]) == (7, 0)
    assert len(products.kept) == 7


async def test_a_reader_that_gives_up_ends_the_import_with_what_was_taken() -> None:
    async def too_much() -> AsyncIterator[list[ImportLine]]:
        async for lines in chunks(2):
            yield lines
        raise PayloadTooLarge("Too much.")

    imports = service(MemoryProducts())
    with pytest.raises(PayloadTooLarge) as ended:
        await imports.run(too_much())
    assert ended.value.extra["report"]["created"] == 2


async def test_every_product_is_delivered_before_the_answer() -> None:
    products = MemoryProducts()
    await service(products).run(chunks(3, 4))
    assert products.asked == 7


async def test_an_import_answers_after_its_last_delivery() -> None:
    class SlowlyDelivered(MemoryProducts):
        asked_for, goes_on = asyncio.Event(), asyncio.Event()

        async def delivered(self, id: str, timeout_seconds: float) -> bool:
            self.asked_for.set()
            await self.goes_on.wait()
            return await super().delivered(id, timeout_seconds)

    products = SlowlyDelivered()
    running = asyncio.create_task(service(products).run(chunks(2)))
    asked = asyncio.create_task(products.asked_for.wait())
    await asyncio.wait([running, asked], return_when=asyncio.FIRST_COMPLETED)
    assert not running.done()
    products.goes_on.set()
    assert (await running).taken[ImportOutcome.CREATED] == 2


async def test_an_import_waits_for_a_bus_that_is_away_only_once() -> None:
    products = MemoryProducts(connected=False)
    report = await service(products).run(chunks(3, 4, 5))
    assert report.taken[ImportOutcome.CREATED] == 12
    assert products.asked == 3


async def test_nothing_is_delivered_for_what_did_not_change() -> None:
    products = MemoryProducts()
    await service(products).run(chunks(3))
    products.asked = 0
    assert (await service(products).run(chunks(3))).taken[ImportOutcome.UNCHANGED] == 3
    assert products.asked == 0


async def test_bad_lines_and_good_ones_are_counted() -> None:
    async def mixed() -> AsyncIterator[list[ImportLine]]:
        foreign = draft("M-3", currency="EUR")
        yield [
            ImportLine(1, "M-1", draft("M-1")),
            ImportLine(2, None, errors=[FieldError("", "Not JSON.")]),
            ImportLine(3, "M-3", foreign),
        ]

    imports = service(MemoryProducts())
    report = (await imports.run(mixed())).to_json()
    assert (report["created"], report["failed"]) == (1, 2)
    assert report["errors"] == [
        {"line": 2, "errors": [{"pointer": "", "message": "Not JSON."}]},
        {
            "line": 3,
            "sku": "M-3",
            "errors": [{"pointer": "/currency", "message": "the shop sells in USD only"}],
        },
    ]


async def test_one_import_too_many_is_refused_until_another_is_done() -> None:
    goes_on = asyncio.Event()

    async def slow() -> AsyncIterator[list[ImportLine]]:
        await goes_on.wait()
        async for lines in chunks(1):
            yield lines

    imports = service(MemoryProducts())
    running = [asyncio.create_task(imports.run(slow())) for _ in range(IMPORTS_AT_ONCE)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyImports) as refused:
        await imports.run(chunks(1))
    assert refused.value.headers["Retry-After"]
    goes_on.set()
    await asyncio.gather(*running)
    await imports.run(chunks(1))
