"""Uses of promo codes that disagree."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cart_service.carts.service import CartWrite
from cart_service.promotions.model import Conditions, Percentage, Promotion
from cart_service.promotions.store import PROMOTION_CLAIMS, PROMOTION_TALLIES, StoredClaims
from cart_service.settings import CartSettings
from shared.backends import open_backends
from shared.clock import SystemClock
from shared.ids import new_id
from tests.trolley.verify.shops import verify
from trolley.environment import settings_from
from trolley.verify.shop import Shop

USES = "uses of promo codes"
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def code(shop: Shop) -> str:
    """The code of a promotion with a total limit."""
    draft = Promotion("SPRING", Percentage(10), Conditions(total_limit=3), "USD", "", shop.clock.now())
    return (await shop.carts.service.promotions.create(draft)).promotion.code


async def leave_a_use_behind(shop: Shop, environment: dict[str, str], code: str) -> None:
    """Leaves a counted use without a claim, as a replica that dies before it confirms the use."""
    async with open_backends(settings_from(CartSettings, environment), SystemClock(), name="t") as backends:
        tallies = await backends.stores.open(PROMOTION_TALLIES)
        document = await tallies.get(code)
        assert document is not None
        body = {**document.body, "held": f"{document.body['held']} nobodys-use"}
        await tallies.replace(code, body, document.version)


async def test_uses_that_agree_are_no_finding(shop: Shop, code: str) -> None:
    await shop.carts.service.promo_codes.put(CartWrite(new_id(), ()), code)
    result = await verify(shop)
    assert (result.findings, result.tallies[USES].looked_at) == ([], 1)


async def test_a_use_that_nobody_has_is_given_back(
    shop: Shop, environment: dict[str, str], code: str
) -> None:
    await shop.carts.service.promo_codes.put(CartWrite(new_id(), ()), code)
    await leave_a_use_behind(shop, environment, code)
    assert (USES, code, "found") in (await verify(shop)).findings
    repaired = await verify(shop, fix=True)
    assert (USES, code, "repaired") in repaired.findings
    assert any("nobodys-use" in detail for detail in repaired.details)
    uses = (await shop.carts.service.promotions.get(code)).uses
    assert uses is not None
    assert (uses.reserved, uses.final) == (1, 0)


async def test_a_cart_whose_use_nobody_has_reserved_is_found_and_counted_again(
    shop: Shop, environment: dict[str, str], code: str
) -> None:
    owner = new_id()
    await shop.carts.service.promo_codes.put(CartWrite(owner, ()), code)
    async with open_backends(settings_from(CartSettings, environment), SystemClock(), name="t") as backends:
        for collection, id in ((PROMOTION_TALLIES, code), (PROMOTION_CLAIMS, f"{code}:{owner}")):
            store = await backends.stores.open(collection)
            document = await store.get(id)
            assert document is not None
            await store.delete(id, document.version)
    assert (USES, code, "found") in (await verify(shop)).findings
    repaired = await verify(shop, fix=True)
    assert any(owner in detail for detail in repaired.details)
    assert (await verify(shop)).findings == []
    uses = (await shop.carts.service.promotions.get(code)).uses
    assert uses is not None
    assert uses.reserved == 1


async def test_uses_of_a_code_without_a_promotion_are_looked_at(
    shop: Shop, environment: dict[str, str], code: str
) -> None:
    async with open_backends(settings_from(CartSettings, environment), SystemClock(), name="t") as backends:
        claims = StoredClaims(await backends.stores.open(PROMOTION_CLAIMS))
        now, promotion = (
            shop.clock.now(),
            Promotion("LOST", Percentage(5), Conditions(), "USD", "", _LONG_AGO),
        )
        await claims.change("LOST", "ann", lambda it: it.claimed(promotion, 1, "abcdefghijkl", _LONG_AGO))
        await claims.change("LOST", "bob", lambda it: it.claimed(promotion, 1, "abcdefghijkl", now))
    assert [it for it in (await verify(shop)).findings if it[0] == USES] == [(USES, "LOST", "found")]
    await verify(shop, fix=True)
    assert (await verify(shop)).findings == []
