"""Claims and the carts of a code, as each store finds them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cart_service.carts.model import Cart
from cart_service.carts.store import CARTS, CartCodec
from cart_service.promotions.claims import Claim
from cart_service.promotions.model import Conditions, Percentage, Promotion
from cart_service.promotions.store import PROMOTION_CLAIMS, StoredClaims
from cart_service.upkeep.store import StoredCodeHolders
from shared.aggregates.change import Change
from shared.aggregates.repository import AggregateRepository
from shared.store.ports import Position

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_claims_that_did_not_change_for_long_come_page_by_page_the_oldest_first(store_factory) -> None:
    claims = StoredClaims(await store_factory.open(PROMOTION_CLAIMS))
    promotion = Promotion("SPRING", Percentage(10), Conditions(total_limit=9), "USD", "", NOW)
    for minutes in (3, 1, 4, 0, 2):
        at = NOW + timedelta(minutes=minutes)
        step = promotion, 1, "abcdefghijkl", at
        await claims.change("SPRING", f"user-{minutes}", lambda it, step=step: it.claimed(*step))
    await claims.change("SPRING", "user-1", lambda it: it.refused("abcdefghijkl"))
    await claims.refresh()
    found: list[list[str]] = []
    after: Position | None = None
    while not found or after is not None:
        page = await claims.unchanged_since(NOW + timedelta(minutes=4), 2, after)
        found.append([claim.owner for claim in page.items])
        after = page.end
    assert [owner for page in found for owner in page] == ["user-0", "user-2", "user-3"]
    assert all(len(page) <= 2 for page in found)


async def test_the_carts_of_a_code_are_those_of_this_moment(store_factory) -> None:
    store = await store_factory.open(CARTS)
    carts = AggregateRepository(store, CartCodec())
    for owner, code in (("ann", "SPRING"), ("bob", "AUTUMN"), ("cem", None)):
        cart = Cart(owner, 1, promo_code=code, promo_turn=5, next_turn=6)
        await carts.update(owner, lambda _, cart=cart: Change(cart, None))
    found = [cart async for cart in StoredCodeHolders(carts).carts_with("SPRING")]
    assert [(cart.owner, cart.promo_turn, cart.next_turn) for cart in found] == [("ann", 5, 6)]


async def test_a_claim_is_dropped_where_the_newest_of_it_may_go(store_factory) -> None:
    claims = StoredClaims(await store_factory.open(PROMOTION_CLAIMS))
    promotion = Promotion("SPRING", Percentage(10), Conditions(total_limit=9), "USD", "", NOW)
    await claims.change("SPRING", "ann", lambda it: it.claimed(promotion, 1, "abcdefghijkl", NOW))
    await claims.drop("SPRING", "ann", lambda it: it.is_empty)
    await claims.drop("SPRING", "nobody-there", lambda it: True)
    assert (await claims.change("SPRING", "ann", lambda it: it)).claim_id == "abcdefghijkl"
    await claims.change(
        "SPRING", "", lambda it: it.with_orders_of(Claim("SPRING", "ann", claim_id="x", final=2))
    )
    await claims.change("SPRING", "ann", lambda it: it.refused("abcdefghijkl"))
    await claims.drop("SPRING", "ann", lambda it: it.is_empty)
    await claims.refresh()
    assert [(claim.owner, claim.final) async for claim in claims.of_code("SPRING")] == [("", 2)]
