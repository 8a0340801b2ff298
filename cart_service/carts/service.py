"""Changing a cart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from cart_service.carts.bulkhead import Bulkhead
from cart_service.carts.events import events_of
from cart_service.carts.lifetimes import Lifetimes
from cart_service.carts.model import Cart, OwnerKind
from cart_service.carts.operations import Acknowledge, Operation, apply_all, fingerprint_of
from cart_service.carts.ports import CartRepository
from cart_service.carts.priced_cart import PricedCart
from cart_service.carts.pricing import Pricer
from cart_service.carts.promo_operations import DropEndedPromoCode, dropped_between
from cart_service.carts.summaries import Summaries
from cart_service.catalogue.ports import Catalogue, CatalogueSnapshot
from cart_service.promotions.claims import DroppedPromoCode
from shared.aggregates.change import Change
from shared.clock import Clock, to_rfc3339
from shared.entity_tags import EntityTags
from shared.errors import PreconditionFailed, Unavailable

FEW_LINES = 32
"""Writes of more lines are limited together: one of 500 keeps the event loop busy for 10 ms."""
LONG_WRITES_AT_ONCE, LONG_WRITES_WAITING = 2, 64


@dataclass(frozen=True, slots=True)
class CartWrite:
    """All of the operations, or none.

    `key` is the Idempotency-Key. `if_match` names the versions of the cart that the client accepts to change;
    None accepts any. `accepts` asks more, for a write that depends on prices: whether the client accepts the
    cart as it looks now. `owner_kind` None leaves it as it is. The operations of a batch are a client's list:
    a refusal names all that are refused, by their positions. `by` is an administrator who acts for the owner.
    """

    owner: str
    operations: Sequence[Operation]
    key: str | None = None
    if_match: EntityTags | None = None
    owner_kind: OwnerKind | None = None
    accepts: Callable[[PricedCart], bool] | None = None
    is_batch: bool = False
    by: str | None = None

    def products_of(self, cart: Cart) -> list[str]:
        """The products that the operations look up."""
        return [id for operation in self.operations for id in operation.products_of(cart)]

    @property
    def is_long(self) -> bool:
        """Whether it changes so many lines that the limit for long writes applies."""
        return max(len(self.operations), len(self.products_of(Cart(self.owner)))) > FEW_LINES

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.operations)


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The cart after a write. `replayed` if the write was made before, under the same key."""

    priced: PricedCart
    replayed: bool

    @property
    def cart(self) -> Cart:
        return self.priced.cart


class CartChanged(PreconditionFailed):
    """`If-Match` names another version of the cart. `priced` is the cart as it is now. `differences` are what
    changed since the newest version that the client named, None if that is unknown."""

    code, title = "cart-changed", "The cart has changed"

    def __init__(self, priced: PricedCart, named: Collection[int]) -> None:
        cart = priced.cart
        what = "shows other prices or stock now" if cart.version in named else f"is at version {cart.version}"
        super().__init__(f"The cart {what}. See what differs, then repeat with its ETag.")
        self.priced = priced
        self.differences = cart.differences_since(max(named, default=-1))


GiveBack = Callable[[str, DroppedPromoCode], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Outcome:
    cart: Cart
    snapshot: CatalogueSnapshot
    replayed: bool = False
    dropped: DroppedPromoCode | None = None


class _ProductsNotLoaded(Exception):
    """Products that must be loaded before the write can be decided."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(*ids)
        self.ids = ids


class _NotAccepted(Exception):
    """The client does not accept to change the cart as it is."""

    def __init__(self, outcome: _Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class CartWriter:
    """Changes carts. The answer to a write is the cart with its prices."""

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
        self._long_writes = Bulkhead(LONG_WRITES_AT_ONCE, LONG_WRITES_WAITING)

    async def write(self, write: CartWrite) -> WriteResult:
        """Makes the write, and answers only once no replica serves an older summary.

        Raises what the operations raise, `CartChanged`, `IdempotencyKeyReused`, and, with nothing written,
        `CatalogueUnavailable` and `TooMuchWork`. After `StoreUnavailable` the write may have happened: repeat
        it under the same key.
        """
        if not write.is_long:
            return await self._write(write)
        async with self._long_writes.place():
            return await self._write(write)

    async def acknowledge(self, write: CartWrite) -> WriteResult:
        """Accepts what the notices say, also that a promo code has ended. `write` has no operation yet."""
        operations = [Acknowledge(), DropEndedPromoCode(self._pricer.is_over)]
        return await self.write(replace(write, operations=operations))

    async def preview(self, write: CartWrite) -> WriteResult:
        """The cart as the write would make it, without writing. Raises what the write would. The version is
        the stored one."""
        stored = await self._carts.get(write.owner)
        before = stored or Cart(write.owner)
        loaded = await self._catalogue.load(write.products_of(before))
        while True:
            try:
                outcome = self._decide(write, loaded, stored).result
                shown = self._shown(loaded, before)
            except _ProductsNotLoaded as lacking:
                loaded = await self._load(loaded, lacking.ids)
            except _NotAccepted as refused:
                raise await self._refusal(write, refused.outcome) from None
            else:
                break
        await self._secured(_Outcome(before, shown))
        cart = replace(outcome.cart, version=before.version, updated_at=before.updated_at)
        return WriteResult(self._price(replace(outcome, cart=cart)), outcome.replayed)

    async def _write(self, write: CartWrite) -> WriteResult:
        try:
            outcome = await self._update(write)
        except _NotAccepted as refused:
            raise await self._refusal(write, refused.outcome) from None
        priced = await self._secured(outcome)
        if outcome.dropped is not None:
            with suppress(Unavailable):  # the consumer of the write's event repeats it
                await self._give_back(write.owner, outcome.dropped)
        return WriteResult(priced, outcome.replayed)

    async def _update(self, write: CartWrite) -> _Outcome:
        """Loads all products before the write, so that the answer lacks none."""
        loaded = await self._catalogue.load(write.products_of(Cart(write.owner)))
        if write.accepts is not None and (stored := await self._carts.get(write.owner)):
            await self._pricer.prepare(stored)
        while True:
            try:
                return await self._carts.update(write.owner, partial(self._decide, write, loaded))
            except _ProductsNotLoaded as lacking:
                loaded = await self._load(loaded, lacking.ids)

    async def _load(self, loaded: CatalogueSnapshot, ids: Sequence[str]) -> CatalogueSnapshot:
        more = await self._catalogue.load(ids)
        revision = min(loaded.revision, more.revision)
        return CatalogueSnapshot({**loaded.products, **more.products}, revision)

    def _decide(
        self, write: CartWrite, loaded: CatalogueSnapshot, stored: Cart | None
    ) -> Change[Cart, _Outcome]:
        before = stored or Cart(write.owner)
        if write.key and before.has_used(write.key, write.fingerprint):
            return Change(None, _Outcome(before, self._shown(loaded, before), replayed=True))
        if not self._is_accepted(write, before, loaded):
            raise _NotAccepted(_Outcome(before, self._shown(loaded, before)))
        now = self._clock.now()
        products = self._newest(loaded, write.products_of(before)).products
        at = to_rfc3339(now)
        after = apply_all(write.operations, before, products, at, is_batch=write.is_batch)
        events = events_of(before, after, now, write.by)
        if write.key:
            after = after.with_key(write.key, write.fingerprint)
        if after is not before:
            after = self._with_expiry(after, write, now)
        outcome = _Outcome(after, self._shown(loaded, after), dropped=dropped_between(before, after))
        return Change(None if after is before else after, outcome, events)

    def _is_accepted(self, write: CartWrite, cart: Cart, loaded: CatalogueSnapshot) -> bool:
        if write.if_match is not None and not write.if_match.includes_number(cart.version):
            return False
        return write.accepts is None or write.accepts(self._price(_Outcome(cart, self._shown(loaded, cart))))

    def _with_expiry(self, cart: Cart, write: CartWrite, now: datetime) -> Cart:
        if write.owner_kind not in (None, cart.owner_kind):
            cart = replace(cart, owner_kind=write.owner_kind)
        return replace(cart, expires_at=to_rfc3339(self._lifetimes.end_of(cart, now)))

    def _shown(self, loaded: CatalogueSnapshot, cart: Cart) -> CatalogueSnapshot:
        return self._newest(loaded, self._pricer.products_of(cart))

    def _newest(self, loaded: CatalogueSnapshot, ids: Collection[str]) -> CatalogueSnapshot:
        """The products as this replica knows them now. One that it has forgotten since is as it was
        loaded."""
        known = self._catalogue.known(ids)
        if len(known.products) == len(ids):
            return known
        products = {**loaded.products, **known.products}
        lacking = [id for id in ids if id not in products]
        if lacking:
            raise _ProductsNotLoaded(lacking)
        return CatalogueSnapshot(products, min(known.revision, loaded.revision))

    async def _secured(self, outcome: _Outcome) -> PricedCart:
        """The cart with its prices, once no replica serves an older summary of it."""
        await self._pricer.prepare(outcome.cart)
        priced = self._price(outcome)
        await self._summaries.secure(priced, outcome.snapshot.revision)
        return priced

    def _price(self, outcome: _Outcome) -> PricedCart:
        return self._pricer.price(outcome.cart, outcome.snapshot.products)

    async def _refusal(self, write: CartWrite, outcome: _Outcome) -> CartChanged:
        """It shows a version, so it waits for the summary as the answer to a write does."""
        return CartChanged(await self._secured(outcome), write.if_match.numbers if write.if_match else ())
