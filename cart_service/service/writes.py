"""Changing a cart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from cart_service.domain.cart import Cart, changes
from cart_service.domain.errors import CartChanged
from cart_service.domain.operations import AnyOperation, fingerprint_of
from cart_service.domain.pricing import price
from cart_service.ports import CartRepository, Catalogue, Shelf
from cart_service.service.rendering import Rendered, cart_json, differences_json, etag_of, render_cart
from cart_service.service.summaries import Summaries
from shared.clock import Clock, to_rfc3339
from shared.events.envelope import Event
from shared.store.repository import Change

NOTHING = Shelf({}, 0)


@dataclass(frozen=True, slots=True)
class Write:
    """All of the operations, or none. `key` is the Idempotency-Key. `if_versions`, when given, are the
    versions of the cart that the client accepts to change (If-Match); any version otherwise."""

    owner: str
    operations: Sequence[AnyOperation]
    key: str | None = None
    if_versions: Collection[int] | None = None

    @property
    def product_ids(self) -> list[str]:
        """The products it asks about."""
        return [id for operation in self.operations for id in operation.product_ids]

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.operations)


@dataclass(frozen=True, slots=True)
class Written:
    """The cart after a write. `replayed` when the write had been made before, under the same key."""

    cart: Rendered
    replayed: bool


@dataclass(frozen=True, slots=True)
class _Outcome:
    cart: Cart
    shelf: Shelf
    replayed: bool = False


class _NotOnShelf(Exception):
    """Products that must be loaded before the write can be decided."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(*ids)
        self.ids = ids


class CartWriter:
    def __init__(
        self,
        carts: CartRepository,
        catalogue: Catalogue,
        summaries: Summaries,
        clock: Clock,
        *,
        currency: str,
    ) -> None:
        self._carts = carts
        self._catalogue = catalogue
        self._summaries = summaries
        self._clock = clock
        self._currency = currency

    async def write(self, write: Write) -> Written:
        """Makes the write, and answers only once no replica serves an older summary.

        Raises `ProductNotFound`, `ProductNotForSale`, `LineLimitReached`, `CartFull`, `CartChanged`,
        `IdempotencyKeyReused`, and, with nothing written, `CatalogueUnavailable`. After `StoreUnavailable`
        the write may have happened: repeat it under the same key.
        """
        outcome = await self._update(write)
        priced = price(outcome.cart, outcome.shelf.products, self._currency)
        await self._summaries.secure(priced, outcome.shelf.revision)
        return Written(render_cart(priced), outcome.replayed)

    async def _update(self, write: Write) -> _Outcome:
        """The products are collected before anything is written, so that no answer to a write lacks one."""
        shelf = await self._load(NOTHING, write.product_ids)
        while True:
            try:
                return await self._carts.update(write.owner, partial(self._decide, write, shelf))
            except _NotOnShelf as lacking:
                shelf = await self._load(shelf, lacking.ids)

    async def _load(self, shelf: Shelf, ids: Sequence[str]) -> Shelf:
        more = await self._catalogue.load(ids)
        revision = min(shelf.revision, more.revision) if shelf.products else more.revision
        return Shelf({**shelf.products, **more.products}, revision)

    def _decide(self, write: Write, loaded: Shelf, stored: Cart | None) -> Change[Cart, _Outcome]:
        before = stored or Cart(write.owner)
        if write.key and before.has_used(write.key, write.fingerprint):
            return Change(None, _Outcome(before, self._shelf(loaded, before.lines), replayed=True))
        if write.if_versions is not None and before.version not in write.if_versions:
            raise self._changed(before, self._shelf(loaded, before.lines), write.if_versions)
        after = self._apply(write.operations, before, self._shelf(loaded, write.product_ids))
        events = [] if after is before else [_cart_updated(before, after, self._clock)]
        if write.key:
            after = after.with_key(write.key, write.fingerprint)
        outcome = _Outcome(after, self._shelf(loaded, after.lines))
        return Change(None if after is before else after, outcome, events)

    def _shelf(self, loaded: Shelf, ids: Collection[str]) -> Shelf:
        """The newest known of what is wanted; what this replica has dropped meanwhile is as it was loaded."""
        known = self._catalogue.peek(ids)
        if len(known.products) == len(ids):
            return known
        products = {**loaded.products, **known.products}
        lacking = [id for id in ids if id not in products]
        if lacking:
            raise _NotOnShelf(lacking)
        return Shelf(products, min(known.revision, loaded.revision))

    def _apply(self, operations: Sequence[AnyOperation], before: Cart, shelf: Shelf) -> Cart:
        at = to_rfc3339(self._clock.now())
        cart = before
        for operation in operations:
            cart = operation.apply(cart, shelf.products, at)
        return cart.after(before, at)

    def _changed(self, cart: Cart, shelf: Shelf, versions: Collection[int]) -> CartChanged:
        priced = price(cart, shelf.products, self._currency)
        return CartChanged(
            f"The cart is at version {cart.version}. See what differs, then repeat with its ETag.",
            extra={"cart": cart_json(priced), "differences": differences_json(cart, versions)},
            headers={"ETag": f'"{etag_of(priced)}"'},
        )


def _cart_updated(before: Cart, after: Cart, clock: Clock) -> Event:
    data = {"version": after.version, "changes": [asdict(change) for change in changes(before, after)]}
    return Event.new("cart.updated", after.owner, after.version, clock.now(), data)
