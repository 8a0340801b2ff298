"""A shop without services, for the checks of the operator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from cart_service.carts.model import Cart
from cart_service.carts.operations import AddItem, SetQuantity
from cart_service.carts.service import CartWrite
from product_service.products.events import change_to
from product_service.products.model import Product, ProductDraft
from shared.aggregates.change import Change
from shared.clock import SystemClock
from shared.ids import new_id
from shared.store.ports import Document
from tests.product_service.catalogues import details, draft, fresh_sku
from tests.support.waiting import eventually
from trolley.verify.findings import ConsistencyCheck, Finding, FindingOutcome, FindingTally
from trolley.verify.runner import Run
from trolley.verify.shop import Shop, all_checks


@dataclass
class Result:
    """The findings, as (check, key, outcome), and the counts of each check."""

    findings: list[tuple[str, str, str]] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    tallies: dict[str, FindingTally] = field(default_factory=dict)

    def looked(self, check: ConsistencyCheck, tally: FindingTally) -> None:
        self.tallies[check.name] = tally

    def found(self, finding: Finding, outcome: FindingOutcome) -> None:
        self.findings.append((finding.check, finding.what, outcome.value))
        self.details.append(finding.detail)


async def verify(
    shop: Shop,
    *,
    fix: bool = False,
    pending_seconds: float = 60,
    second_look_seconds: float = 0.05,
    result: Result | None = None,
) -> Result:
    """Runs every check."""
    result = result or Result()
    for check in all_checks(shop, pending_seconds):
        run = Run(check, result, fix=fix, second_look_seconds=second_look_seconds)
        result.tallies[check.name] = await run.run()
    return result


@dataclass(frozen=True)
class ShopWriter:
    """Puts products on sale and into carts, as the services would."""

    shop: Shop

    async def product(self, **fields: Any) -> Product:
        return await self.add(draft(fresh_sku(), stock=100, **fields))

    async def add(self, wanted: ProductDraft) -> Product:
        return await self._write(wanted.id, lambda _: Product.from_draft(wanted, SystemClock().now()))

    async def reprice(self, id: str, price: int) -> Product:
        changed = details(stock=100, price=price)
        return await self._write(id, lambda product: product.revised(changed, SystemClock().now()))

    async def cart(self, *product_ids: str, quantity: int = 1) -> str:
        owner = new_id()
        operations = [AddItem(id, quantity) for id in product_ids]
        await self.shop.carts.service.writer.write(CartWrite(owner, operations))
        await self._wait_until_cleared(self.shop.carts.carts, owner)
        return owner

    async def set_quantity(self, owner: str, product_id: str, quantity: int) -> None:
        await self.shop.carts.service.writer.write(CartWrite(owner, [SetQuantity(product_id, quantity)]))
        await self._wait_until_cleared(self.shop.carts.carts, owner)

    async def stored(self, owner: str) -> Cart:
        cart = await self.shop.carts.carts.repository.get(owner)
        assert cart is not None
        return cart

    async def entry(self, id: str) -> dict[str, Any] | None:
        entry = await self.shop.products.bucket.get(id)
        return orjson.loads(entry.value) if entry and entry.value else None

    async def document(self, id: str) -> Document:
        document = await self.shop.products.store.get(id)
        assert document is not None
        return document

    async def _write(self, id: str, change: Any) -> Product:
        def changed(before: Product | None) -> Change[Product, Product]:
            after = change(before)
            return change_to(before, after, after)

        product: Product = await self.shop.products.products.update(id, changed)
        await self._wait_until_cleared(self.shop.products, id)
        return product

    async def _wait_until_cleared(self, parts: Any, id: str) -> None:
        """Waits until no event of the document is pending."""
        assert await parts.outbox.flushed(id, 10)
        assert await parts.outbox.deliver_pending(id)

        async def is_cleared() -> bool:
            document = await parts.store.get(id)
            return not document.body["pending_events"]

        await eventually(is_cleared)
