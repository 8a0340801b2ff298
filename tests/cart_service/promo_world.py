"""A shop of promo codes, what can happen to them there, and what has to hold all the time and in the end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from cart_service.carts.abandoned_reservations import SETTLED_AFTER
from cart_service.carts.events import CartPromoCodeDropped
from cart_service.carts.operations import AddItem
from cart_service.carts.service import CartWrite
from cart_service.promotions.claims import NOBODY, Claim, ClaimState, Tally
from cart_service.promotions.model import Conditions, Percentage, Promotion
from cart_service.service import CartService
from cart_service.subscribers import CartSubscribers
from shared.clock import to_rfc3339
from shared.http.etag import parse_entity_tags
from tests.cart_service.lanes import before_access
from tests.cart_service.memory import MemoryCarts, Shop
from tests.cart_service.memory_promotions import Faults


class PromoWorld:
    """`limits` are the total limits of the codes, None for none. `tick` lets a second pass."""

    service: CartService
    repository: MemoryCarts

    def __init__(self, limits: Mapping[str, int | None]) -> None:
        self.limits = limits
        self.shop = Shop()
        self.shop.bucket.put_product("mug")
        for code, limit in limits.items():
            conditions = Conditions(total_limit=limit, per_user_limit=3)
            promotion = Promotion(code, Percentage(10), conditions, "USD", "", self.shop.clock.moment)
            self.shop.kept.promotions[code] = promotion

    async def start(self) -> None:
        replica = await self.shop.replica()
        self.service, self.repository = replica.service, replica.carts

    def tick(self, time: timedelta = timedelta(seconds=1)) -> None:
        self.shop.clock.moment += time

    async def add(self, owner: str) -> None:
        await self.service.writer.write(CartWrite(owner, [AddItem("mug", 1)]))

    async def put(self, owner: str, code: str, key: str | None = None, *, conditional: bool = False) -> None:
        """`conditional`: only on the cart as it is at the moment."""
        cart = self.shop.carts.get(owner)
        condition = parse_entity_tags(f'"{cart.version if cart else 0}"') if conditional else None
        await self.service.promo_codes.put(CartWrite(owner, (), key, condition), code)

    async def take_off(self, owner: str) -> None:
        await self.service.promo_codes.remove(CartWrite(owner, ()))

    async def order(self, owner: str, code: str, number: int) -> None:
        await self.service.promo_codes.redeem(code, owner, f"{owner}-{number}")

    async def expire(self, owner: str) -> None:
        """What the sweep does with a cart that has expired."""
        await before_access()
        cart = self.shop.carts.get(owner)
        if cart and cart.expires_at and cart.expires_at < to_rfc3339(self.shop.clock.moment):
            del self.shop.carts[owner]
            await self.service.cleanup.expired_cart_was_removed(cart)

    async def delete(self, owner: str) -> None:
        await self.service.cleanup.owner_was_deleted(owner)

    async def audit(self, code: str) -> None:
        await self.service.promotion_audit.recount(code, repair=True)

    async def clear_away(self) -> None:
        await self.service.abandoned_reservations.clear_away(2)

    async def repeat_event(self, number: int) -> None:
        dropped = [it for it in self.repository.events if it.type == "cart.promo_code_dropped"]
        if dropped:
            event = CartPromoCodeDropped.from_event(dropped[number % len(dropped)])
            subscribers = CartSubscribers(self.service)
            await subscribers.promo_code_dropped(event)

    def check(self) -> None:
        """No limit is exceeded, and every cart with a code has a use that is counted, or was ordered with
        it."""
        for code, limit in self.limits.items():
            tally, claims = self._tally(code), self._claims(code)
            nobodys = claims.get(NOBODY, Claim(code, NOBODY))
            theirs = [it for it in claims.values() if not _has_handed_in(it, nobodys)]
            had = sum(it.final + (it.state is ClaimState.RESERVED) for it in theirs)
            holders = [cart for cart in self.shop.carts.values() if cart.promo_code == code]
            if limit is not None:
                assert len(holders) <= limit
                assert had <= tally.reserved + tally.final <= limit
            for cart in holders:
                claim = claims[cart.owner]
                is_reserved = claim.state is ClaimState.RESERVED and claim.turn == cart.promo_turn
                assert is_reserved or claim.has_spent(cart.promo_turn)

    async def check_end(self, *, an_order_died: bool) -> None:
        """Once all is done that was begun, the sweep finds every use that no cart has; after the audit, which
        finds the codes that died orders have left, carts and uses are the same."""
        self.shop.kept.faults = Faults()
        self.repository.fail_at(1_000_000, is_written=True)
        self.tick(SETTLED_AFTER + timedelta(seconds=1))
        for _ in range(2):  # an earlier look may have stopped half-way
            while await self.service.abandoned_reservations.clear_away(2):
                pass
        audit = self.service.promotion_audit
        for code in self.limits:
            found = await audit.recount(code, repair=True)
            assert found.abandoned == ()
            assert an_order_died or found.unreserved == ()
            assert (await audit.recount(code, repair=False)).is_clean
            self._check_end(code)

    def _check_end(self, code: str) -> None:
        claims, tally = self._claims(code).values(), self._tally(code)
        reserved = {it.owner: it.turn for it in claims if it.state is ClaimState.RESERVED}
        carts = {it.owner: it.promo_turn for it in self.shop.carts.values() if it.promo_code == code}
        assert reserved == carts
        assert all(it.state in (ClaimState.RESERVED, ClaimState.FREE) for it in claims)
        assert tally.final == sum(it.final for it in claims)
        assert tally.reserved == (0 if self.limits[code] is None else len(carts))

    def _tally(self, code: str) -> Tally:
        return self.shop.kept.tallies.get(code, Tally(code))

    def _claims(self, code: str) -> dict[str, Claim]:
        return {owner: claim for (of, owner), claim in self.shop.kept.claims.items() if of == code}


def _has_handed_in(claim: Claim, nobodys: Claim) -> bool:
    """Whether its orders are with those of `NOBODY` already, and only it has to go."""
    return claim.state is ClaimState.LEAVING and nobodys.placed(claim.claim_id) is not None
