"""The use cases of promotions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cart_service.catalogue.errors import UnknownProduct
from cart_service.catalogue.model import CatalogueStatus
from cart_service.catalogue.ports import Catalogue
from cart_service.promotions.errors import PromotionCodeTaken, PromotionNotFound
from cart_service.promotions.events import PromotionCreated, PromotionEnded
from cart_service.promotions.model import FreeItem, Promotion, PromotionStatus
from cart_service.promotions.ports import PromotionStores
from cart_service.promotions.uses import PromotionUses, Uses
from shared.aggregates.change import Change
from shared.aggregates.ports import ListPage
from shared.clock import Clock, from_rfc3339, to_rfc3339
from shared.store.ports import Position

DELIVERY_SECONDS = 1.0
"""How long an answer waits for the bucket entry, so that every replica hears of the change at once."""


@dataclass(frozen=True, slots=True)
class PromotionDetails:
    """A promotion, its present status, and its uses if they were read."""

    promotion: Promotion
    status: PromotionStatus
    uses: Uses | None = None


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
        self._known = stores.known
        self._uses = uses
        self._catalogue = catalogue
        self._clock = clock

    def now(self) -> datetime:
        """This moment in milliseconds, the precision of the store."""
        return from_rfc3339(to_rfc3339(self._clock.now()))

    async def create(self, draft: Promotion) -> PromotionDetails:
        """Raises `PromotionCodeTaken`, `InvalidInput` for values that do not fit together, `UnknownProduct`
        for a free product that does not exist, and `CatalogueUnavailable`."""
        promotion = draft.require_valid(self.currency)
        if isinstance(promotion.benefit, FreeItem):
            await self._require_product(promotion.benefit.product_id)

        def change(present: Promotion | None) -> Change[Promotion, Promotion]:
            if present is not None:
                raise PromotionCodeTaken(promotion.code)
            created = PromotionCreated.of(promotion)
            return Change(promotion, promotion, [created.to_event(self._clock.now())])

        await self._promotions.update(promotion.code, change)
        return await self._delivered(promotion)

    async def _require_product(self, id: str) -> None:
        """A product that is not for sale yet is accepted, because promotions are planned ahead."""
        product = (await self._catalogue.load([id])).products[id]
        if product.status in (CatalogueStatus.MISSING, CatalogueStatus.DELETED):
            raise UnknownProduct(id)

    async def end(self, code: str) -> PromotionDetails:
        """Ends it now, unless it was ended before. Raises `PromotionNotFound`."""
        now = self.now()

        def change(present: Promotion | None) -> Change[Promotion, Promotion]:
            if present is None:
                raise PromotionNotFound(code)
            ended = present.ended(now)
            if ended is present:
                return Change(None, present)
            return Change(ended, ended, [PromotionEnded.of(ended).to_event(self._clock.now())])

        return await self._delivered(await self._promotions.update(code, change))

    async def get(self, code: str) -> PromotionDetails:
        """With its uses. Raises `PromotionNotFound`."""
        promotion = await self.existing(code)
        return self.details(promotion, await self._uses.of(promotion))

    async def page(
        self, status: PromotionStatus | None, limit: int, after: Position | None
    ) -> ListPage[Promotion]:
        """The newest first."""
        return await self._promotions.page(status, self._clock.now(), limit, after)

    def details(self, promotion: Promotion, uses: Uses | None = None) -> PromotionDetails:
        """The promotion with its present status."""
        return PromotionDetails(promotion, promotion.status_at(self._clock.now()), uses)

    async def existing(self, code: str) -> Promotion:
        """As of its last write. Raises `PromotionNotFound`."""
        promotion = await self._promotions.get(code)
        if promotion is None:
            raise PromotionNotFound(code)
        self._known.remember(promotion)
        return promotion

    def known(self, code: str) -> Promotion | None:
        """As this replica knows it."""
        return self._known.find(code)

    async def find(self, code: str) -> Promotion | None:
        """As this replica knows it. It reads an unknown promotion from the store."""
        promotion = self._known.find(code) or await self._promotions.get(code)
        if promotion is not None:
            self._known.remember(promotion)
        return promotion

    async def _delivered(self, promotion: Promotion) -> PromotionDetails:
        """The details, after other replicas have probably heard of the change."""
        self._known.remember(promotion)
        await self._promotions.delivered(promotion.code, DELIVERY_SECONDS)
        return self.details(promotion, await self._uses.of(promotion))
