"""A thousand adds to one cart, while one replica after the other is killed."""

from __future__ import annotations

import pytest

from tests.chaos.keys import REMEMBERED_KEYS
from tests.chaos.load import Load
from tests.chaos.proofs import prove_nothing_lost_or_doubled
from tests.chaos.shops import ChaosShop, Killer

pytestmark = [pytest.mark.chaos, pytest.mark.asyncio(loop_scope="session")]

ADDS = 1000
CLIENTS = 50
KILLS = 5


async def test_a_thousand_adds_are_a_thousand_pieces(shop: ChaosShop) -> None:
    """50 clients share one cart and three replicas; a tenth of the adds is sent twice at the same moment;
    each second a replica is killed with SIGKILL and started again. After retries under the same key nobody is
    left with an error, and the cart holds exactly 1,000 pieces (on two lines: one holds up to 999).

    A cart remembers its last 64 keys, so this holds for clients who repeat before 64 others have come
    between. 50 clients with one add under way each, who repeat after 50 ms, nearly always do; a request that
    hangs for a second while the others go on does not. The clients here wait for it (`KeysInFlight`), so
    that the promise is proved for exactly the clients that it is made to.
    """
    people = [await shop.shop.guest()] * CLIENTS
    load = Load(people, await shop.products(2), per_second=90)
    async with Killer.of(shop.stack) as killer:
        await load.run(iter(range(ADDS)))
    print(f"{killer.kills} kills; {load}")
    assert killer.kills >= KILLS
    assert load.total == ADDS
    assert load.furthest < REMEMBERED_KEYS
    await prove_nothing_lost_or_doubled(shop, load)
