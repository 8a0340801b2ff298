"""Changing a cart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from cart_service.carts.errors import CartChanged
from cart_service.carts.events import events_of
from cart_service.carts.lifetimes import Lifetimes, OwnerKind
from cart_service.carts.model import Cart
from cart_service.carts.operations import Operation, apply_all, fingerprint_of
from cart_service.carts.ports import CartRepository
from cart_service.carts.pricer import Pricer
from cart_service.carts.pricing import PricedCart
from cart_service.carts.promo_operations import dropped_between
from cart_service.carts.rendering import Rendered, cart_json, differences_json, render_cart, render_summary
from cart_service.carts.summaries import Summaries
from cart_service.carts.turns import Turns
from cart_service.catalogue.ports import Catalogue, CatalogueSnapshot
from cart_service.promotions.claims import DroppedPromoCode
from shared.aggregates.change import Change
from shared.clock import Clock, to_rfc3339
from shared.errors import Unavailable

NOTHING = CatalogueSnapshot({}, 0)
FEW_LINES = 32
"""A write that changes more takes turns with others of its kind: one of 500 keeps the loop busy for 10 ms."""
LONG_WRITES_AT_ONCE, LONG_WRITES_WAITING = 2, 64


@dataclass(frozen=True, slots=True)
class CartWrite:
    """All of the operations, or none. `key` is the Idempotency-Key. `if_versions`, when given, are the
    versions of the cart that the client accepts to change (If-Match); any version otherwise. `if_tags`, when
    given, are whole ETags, for what depends on prices too: one has to be that of the cart or of its summary
    as they are now, or the version alone. `owner_kind` None leaves it as it is. The operations of a batch are
    a client's list: a refusal names all that are refused, by their positions."""

    owner: str
    operations: Sequence[Operation]
    key: str | None = None
    if_versions: Collection[int] | None = None
    owner_kind: OwnerKind | None = None
    if_tags: Collection[str] | None = None
    is_batch: bool = False

    def products_of(self, cart: Cart) -> list[str]:
        """The products it asks about."""
        return [id for operation in self.operations for id in operation.products_of(cart)]

    @property
    def is_long(self) -> bool:
        """Whether it changes so many lines that it takes turns with others of its kind."""
        return max(len(self.operations), len(self.products_of(Cart(self.owner)))) > FEW_LINES

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.operations)


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The cart after a write, and as JSON. `replayed` when the write had been made before, under the same
    key."""

    cart: Cart
    rendered: Rendered
    replayed: bool


GiveBack = Callable[[str, DroppedPromoCode], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Outcome:
    cart: Cart
    shelf: CatalogueSnapshot
    replayed: bool = False
    dropped: DroppedPromoCode | None = None


class _NotOnShelf(Exception):
    """Products that must be loaded before the write can be decided."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(*ids)
        self.ids = ids


class _OtherVersion(Exception):
    """The cart, which is not (or does not look) as the client accepts to change it."""

    def __init__(self, outcome: _Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class CartWriter:
    def __init__(
        self,
        carts: CartRepository,
        catalogue: Catalogue,
        pricer: Pricer,
        summaries: Summaries,
        *,
        give_back: GiveBack,
        clock: Clock,
        lifetimes: Lifetimes,
    ) -> None:
        self._carts = carts
        self._catalogue = catalogue
        self._pricer = pricer
        self._summaries = summaries
        self._give_back = give_back
        self._clock = clock
        self._lifetimes = lifetimes
        self._turns = Turns(LONG_WRITES_AT_ONCE, LONG_WRITES_WAITING)

    async def write(self, write: CartWrite) -> WriteResult:
        """Makes the write, and answers only once no replica serves an older summary.

        Raises what the operations raise, `CartChanged`, `IdempotencyKeyReused`, and, with nothing written,
        `CatalogueUnavailable` and `TooMuchWork`. After `StoreUnavailable` the write may have happened: repeat
        it under the same key.
        """
        if not write.is_long:
            return await self._write(write)
        async with self._turns.take():
            return await self._write(write)

    async def _write(self, write: CartWrite) -> WriteResult:
        try:
            outcome = await self._update(write)
        except _OtherVersion as other:
            raise await self._refusal(write, other.outcome) from None
        priced = await self._secured(outcome)
        if outcome.dropped is not None:
            with suppress(Unavailable):  # the write's event has it done again
                await self._give_back(write.owner, outcome.dropped)
        return WriteResult(outcome.cart, render_cart(priced), outcome.replayed)

    async def preview(self, write: CartWrite) -> WriteResult:
        """What the write would make of the cart, without writing; raises what it would. The version is the
        stored one: there is no other yet."""
        stored, shelf = await self._carts.get(write.owner), NOTHING
        before = stored or Cart(write.owner)
        while True:
            try:
                outcome, shown = self._decide(write, shelf, stored).result, self._shown(shelf, before)
            except _NotOnShelf as lacking:
                shelf = await self._load(shelf, lacking.ids)
            except _OtherVersion as other:
                raise await self._refusal(write, other.outcome) from None
            else:
                break
        await self._secured(_Outcome(before, shown))
        cart = replace(outcome.cart, version=before.version, updated_at=before.updated_at)
        return WriteResult(cart, render_cart(self._price(replace(outcome, cart=cart))), outcome.replayed)

    async def _update(self, write: CartWrite) -> _Outcome:
        """The products are collected before anything is written, so that no answer to a write lacks one."""
        shelf = await self._load(NOTHING, write.products_of(Cart(write.owner)))
        if write.if_tags is not None and (stored := await self._carts.get(write.owner)):
            await self._pricer.prepare(stored)
        while True:
            try:
                return await self._carts.update(write.owner, partial(self._decide, write, shelf))
            except _NotOnShelf as lacking:
                shelf = await self._load(shelf, lacking.ids)

    async def _load(self, shelf: CatalogueSnapshot, ids: Sequence[str]) -> CatalogueSnapshot:
        more = await self._catalogue.load(ids)
        revision = min(shelf.revision, more.revision) if shelf.products else more.revision
        return CatalogueSnapshot({**shelf.products, **more.products}, revision)

    def _decide(
        self, write: CartWrite, loaded: CatalogueSnapshot, stored: Cart | None
    ) -> Change[Cart, _Outcome]:
        before = stored or Cart(write.owner)
        if write.key and before.has_used(write.key, write.fingerprint):
            return Change(None, _Outcome(before, self._shown(loaded, before), replayed=True))
        if not self._accepts(write, before, loaded):
            raise _OtherVersion(_Outcome(before, self._shown(loaded, before)))
        now = self._clock.now()
        products = self._shelf(loaded, write.products_of(before)).products
        at = to_rfc3339(now)
        after = apply_all(write.operations, before, products, at, is_batch=write.is_batch)
        events = events_of(before, after, now)
        if write.key:
            after = after.with_key(write.key, write.fingerprint)
        if after is not before:
            after = self._kept(after, write, now)
        outcome = _Outcome(after, self._shown(loaded, after), dropped=dropped_between(before, after))
        return Change(None if after is before else after, outcome, events)

    def _accepts(self, write: CartWrite, cart: Cart, loaded: CatalogueSnapshot) -> bool:
        if write.if_versions is not None and cart.version not in write.if_versions:
            return False
        if write.if_tags is None:
            return True
        priced = self._price(_Outcome(cart, self._shown(loaded, cart)))
        tags = {str(cart.version), render_cart(priced).etag, render_summary(priced).etag}
        return not tags.isdisjoint(write.if_tags)

    def _kept(self, cart: Cart, write: CartWrite, now: datetime) -> Cart:
        """The cart with how long it is kept."""
        if write.owner_kind not in (None, cart.owner_kind):
            cart = replace(cart, owner_kind=write.owner_kind)
        return replace(cart, expires_at=to_rfc3339(self._lifetimes.end_of(cart, now)))

    def _shown(self, loaded: CatalogueSnapshot, cart: Cart) -> CatalogueSnapshot:
        return self._shelf(loaded, self._pricer.products_of(cart))

    async def _secured(self, outcome: _Outcome) -> PricedCart:
        """The cart with its prices, once no replica serves an older summary of it."""
        await self._pricer.prepare(outcome.cart)
        priced = self._price(outcome)
        await self._summaries.secure(priced, outcome.shelf.revision)
        return priced

    def _price(self, outcome: _Outcome) -> PricedCart:
        return self._pricer.price(outcome.cart, outcome.shelf.products)

    def _shelf(self, loaded: CatalogueSnapshot, ids: Collection[str]) -> CatalogueSnapshot:
        """The newest known of what is wanted; what this replica has dropped meanwhile is as it was loaded."""
        known = self._catalogue.known(ids)
        if len(known.products) == len(ids):
            return known
        products = {**loaded.products, **known.products}
        lacking = [id for id in ids if id not in products]
        if lacking:
            raise _NotOnShelf(lacking)
        return CatalogueSnapshot(products, min(known.revision, loaded.revision))

    async def _refusal(self, write: CartWrite, outcome: _Outcome) -> CartChanged:
        """It tells a version, so it waits for the summary as the answer to a write does."""
        priced, cart = await self._secured(outcome), outcome.cart
        versions = write.if_versions or ()
        what = (
            "shows other prices or stock now" if cart.version in versions else f"is at version {cart.version}"
        )
        return CartChanged(
            f"The cart {what}. See what differs, then repeat with its ETag.",
            extra={"cart": cart_json(priced), "differences": differences_json(cart, versions)},
            headers={"ETag": f'"{render_cart(priced).etag}"'},
        )
