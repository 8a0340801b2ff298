"""A thousand adds to one cart, while one replica after the other is killed."""

from __future__ import annotations

import pytest

from tests.chaos.load import Load
from tests.chaos.proofs import prove_nothing_lost_or_doubled
from tests.chaos.shops import ChaosShop, Killer

pytestmark = [pytest.mark.chaos, pytest.mark.asyncio(loop_scope="session")]

ADDS = 1000
CLIENTS = 50
KILLS = 5
REMEMBERED_KEYS = 64


async def test_a_thousand_adds_are_a_thousand_pieces(shop: ChaosShop) -> None:
    """50 clients share one cart and three replicas; a tenth of the adds is sent twice at the same moment;
    each second a replica is killed with SIGKILL and started again. After retries under the same key nobody is
    left with an error, and the cart holds exactly 1,000 pieces (on two lines: one holds up to 999).

    A cart remembers its last 64 keys. With one add under way for each client, and a client who repeats at
    once, no more than the other 49 (and those that follow them before the repeat is in) come between an add
    and its repeat. The run counts them, and fails when there were more, because then exactness would have
    been luck.
    """
    people = [await shop.shop.guest()] * CLIENTS
    load = Load(people, await shop.products(2), per_second=100)
    async with Killer.of(shop.stack) as killer:
        await load.run(iter(range(ADDS)))
        kills = killer.kills
    print(f"{kills} kills; {load}")
    assert kills >= KILLS
    assert load.total == ADDS
    assert load.furthest < REMEMBERED_KEYS
    await prove_nothing_lost_or_doubled(shop, load)
