"""Looking after promotions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cart_service.catalogue.errors import UnknownProduct
from cart_service.catalogue.model import CatalogueStatus
from cart_service.catalogue.ports import Catalogue
from cart_service.promotions.errors import PromotionCodeTaken, PromotionNotFound
from cart_service.promotions.events import PromotionCreated, PromotionEnded
from cart_service.promotions.model import FreeItem, Promotion, PromotionStatus
from cart_service.promotions.ports import PageOfPromotions, PromotionStores
from cart_service.promotions.uses import PromotionUses, Uses
from shared.aggregates.change import Change
from shared.clock import Clock, from_rfc3339, to_rfc3339

DELIVERY_SECONDS = 1.0
"""How long an answer waits for the bucket entry, so that every replica hears of the change at once."""


@dataclass(frozen=True, slots=True)
class PromotionNow:
    """A promotion, what it is at this moment, and its uses where they were asked for."""

    promotion: Promotion
    status: PromotionStatus
    uses: Uses | None = None


@dataclass(frozen=True, slots=True)
class PromotionsFound:
    """One page of them, and the cursor of the next one."""

    items: list[PromotionNow]
    page: PageOfPromotions
    next_cursor: str | None


class Promotions:
    def __init__(
        self,
        stores: PromotionStores,
        uses: PromotionUses,
        catalogue: Catalogue,
        clock: Clock,
        *,
        currency: str,
    ) -> None:
        self.currency = currency
        self._promotions = stores.promotions
        self._book = stores.book
        self._uses = uses
        self._catalogue = catalogue
        self._clock = clock
        self._cursors = stores.cursors

    def now(self) -> datetime:
        """This moment, in milliseconds, as it is kept."""
        return from_rfc3339(to_rfc3339(self._clock.now()))

    async def create(self, draft: Promotion) -> PromotionNow:
        """Raises `PromotionCodeTaken`, `InvalidInput` for what does not fit together, `UnknownProduct` for
        a free product that does not exist, and `CatalogueUnavailable`."""
        promotion = draft.require_valid(self.currency)
        if isinstance(promotion.benefit, FreeItem):
            await self._require_product(promotion.benefit.product_id)

        def change(present: Promotion | None) -> Change[Promotion, Promotion]:
            if present is not None:
                raise PromotionCodeTaken(promotion.code)
            created = PromotionCreated.of(promotion)
            return Change(promotion, promotion, [created.to_event(self._clock.now())])

        await self._promotions.update(promotion.code, change)
        return await self._told(promotion)

    async def _require_product(self, id: str) -> None:
        """It need not be for sale yet: a promotion may be planned ahead."""
        product = (await self._catalogue.load([id])).products[id]
        if product.status in (CatalogueStatus.MISSING, CatalogueStatus.DELETED):
            raise UnknownProduct(id)

    async def end(self, code: str) -> PromotionNow:
        """Ends it now, if that was not done before. Raises `PromotionNotFound`."""
        now = self.now()

        def change(present: Promotion | None) -> Change[Promotion, Promotion]:
            if present is None:
                raise PromotionNotFound(code)
            ended = present.ended(now)
            if ended is present:
                return Change(None, present)
            return Change(ended, ended, [PromotionEnded.of(ended).to_event(self._clock.now())])

        return await self._told(await self._promotions.update(code, change))

    async def get(self, code: str) -> PromotionNow:
        """With its uses. Raises `PromotionNotFound`."""
        promotion = await self.existing(code)
        return self._now(promotion, await self._uses.of(promotion))

    async def page(self, status: PromotionStatus | None, limit: int, cursor: str | None) -> PromotionsFound:
        """The newest first. Raises `InvalidInput` for a cursor that is none of this list."""
        query = f"promotions:{status or ''}"
        after = self._cursors.decode(cursor, query) if cursor else None
        page = await self._promotions.page(status, self._clock.now(), limit, after)
        items = [self._now(promotion) for promotion in page.promotions]
        return PromotionsFound(items, page, self._cursors.encode(page.end, query) if page.end else None)

    async def existing(self, code: str) -> Promotion:
        """As of its last write. Raises `PromotionNotFound`."""
        promotion = await self._promotions.get(code)
        if promotion is None:
            raise PromotionNotFound(code)
        self._book.remember(promotion)
        return promotion

    def known(self, code: str) -> Promotion | None:
        """As this replica has heard of it."""
        return self._book.find(code)

    async def find(self, code: str) -> Promotion | None:
        """As this replica has heard of it; it looks in the store when it has not."""
        promotion = self._book.find(code) or await self._promotions.get(code)
        if promotion is not None:
            self._book.remember(promotion)
        return promotion

    async def _told(self, promotion: Promotion) -> PromotionNow:
        self._book.remember(promotion)
        await self._promotions.delivered(promotion.code, DELIVERY_SECONDS)
        return self._now(promotion, await self._uses.of(promotion))

    def _now(self, promotion: Promotion, uses: Uses | None = None) -> PromotionNow:
        return PromotionNow(promotion, promotion.status_at(self._clock.now()), uses)
