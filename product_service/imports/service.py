"""Imports a whole catalogue, line by line."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from product_service.products.capacity import Capacity
from product_service.products.events import DELIVERY_SECONDS, change_to
from product_service.products.model import Product, ProductDraft
from product_service.products.ports import ProductRepository
from shared.aggregates.change import Change
from shared.clock import Clock
from shared.errors import FieldError, InvalidInput, ShopError, Unavailable

ERRORS_REPORTED = 100
"""The number of bad lines in a report. Further ones are only counted."""

IMPORTS_AT_ONCE = 32
"""Each import needs about 2 MiB, for a chunk of lines with its products and documents."""


class TooManyImports(Unavailable):
    """This replica is already running the largest number of imports. Nothing was taken."""

    code, title = "too-many-imports", "Too many imports"


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One line: a draft, or its errors. Lines count from 1."""

    number: int
    sku: str | None
    draft: ProductDraft | None = None
    errors: Sequence[FieldError] = ()


class ImportOutcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(slots=True)
class ImportReport:
    """The outcome of the lines. `failed` counts bad lines. `errors` has the first hundred of them."""

    taken: Counter[ImportOutcome] = field(default_factory=Counter)
    failed: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)

    def fail(self, line: ImportLine, errors: Sequence[FieldError]) -> None:
        self.failed += 1
        if len(self.errors) < ERRORS_REPORTED:
            sku = {"sku": line.sku} if line.sku is not None else {}
            listed = [{"pointer": error.pointer, "message": error.message} for error in errors]
            self.errors.append({"line": line.number, **sku, "errors": listed})

    def to_json(self) -> dict[str, Any]:
        return {
            **{outcome.value: self.taken[outcome] for outcome in ImportOutcome},
            "failed": self.failed,
            "errors": self.errors,
            "errors_left_out": self.failed - len(self.errors),
        }


class ImportService:
    """Creates or replaces products by SKU. Repeating an import changes nothing."""

    def __init__(self, products: ProductRepository, capacity: Capacity, clock: Clock, currency: str) -> None:
        self.currency = currency
        self._products = products
        self._capacity = capacity
        self._clock = clock
        self._running = 0

    async def run(self, chunks: AsyncIterator[Sequence[ImportLine]]) -> ImportReport:
        """Writes chunk after chunk, and the lines of a chunk at the same time.

        An error that ends the import early (`PayloadTooLarge` from the reader, `Unavailable` from the store,
        `CatalogueFull`) has the report so far as `report`. Raises `TooManyImports` before it reads anything.
        """
        if self._running >= IMPORTS_AT_ONCE:
            raise TooManyImports(
                f"{IMPORTS_AT_ONCE} imports are running on this replica. Try again when one is done."
            )
        report = ImportReport()
        waiting = True
        self._running += 1
        try:
            async for lines in chunks:
                written = await self._take(lines, report)
                # If NATS is not available, the relay delivers later, and waiting again is useless.
                waiting = waiting and await self._delivered(written)
        except ShopError as error:
            error.extra["report"] = report.to_json()
            raise
        finally:
            self._running -= 1
        return report

    async def _take(self, lines: Sequence[ImportLine], report: ImportReport) -> list[str]:
        """Writes the good lines and counts all. Returns the ids of the changed products."""
        await self._capacity.refresh()
        drafts = [(line, line.draft) for line in lines if line.draft is not None]
        for line in lines:
            if line.draft is None:
                report.fail(line, line.errors)
        outcomes = await asyncio.gather(*(self._put(draft) for _, draft in drafts), return_exceptions=True)
        return self._counted(drafts, outcomes, report)

    def _counted(
        self,
        drafts: Sequence[tuple[ImportLine, ProductDraft]],
        outcomes: Sequence[ImportOutcome | BaseException],
        report: ImportReport,
    ) -> list[str]:
        written, broken = [], None
        for (line, draft), outcome in zip(drafts, outcomes, strict=True):
            match outcome:
                case InvalidInput():
                    report.fail(line, outcome.errors)
                case BaseException():
                    broken = outcome
                case _:
                    report.taken[outcome] += 1
                    if outcome is not ImportOutcome.UNCHANGED:
                        written.append(draft.id)
        if broken is not None:
            raise broken
        return written

    async def _put(self, draft: ProductDraft) -> ImportOutcome:
        draft.sold_in(self.currency)

        def change(before: Product | None) -> Change[Product, ImportOutcome]:
            now = self._clock.now()
            if before is None:
                self._capacity.take()
            if before is None or before.deleted:
                return change_to(
                    before, Product.from_draft(draft, now, tombstone=before), ImportOutcome.CREATED
                )
            after = before.revised(draft.details, now)
            return change_to(
                before, after, ImportOutcome.UNCHANGED if after is before else ImportOutcome.UPDATED
            )

        return await self._products.update(draft.id, change)

    async def _delivered(self, ids: Sequence[str]) -> bool:
        return all(await asyncio.gather(*(self._products.delivered(id, DELIVERY_SECONDS) for id in ids)))
