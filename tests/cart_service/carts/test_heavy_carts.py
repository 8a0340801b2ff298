"""The largest carts, changed whole and at once, leave a replica alive."""

from __future__ import annotations

import asyncio
import gc

from cart_service.carts.model import Cart
from cart_service.limits import MAX_LINES
from tests.cart_service.conftest import Catalogue, Customer

CLIENTS, WRITES = 12, 3
ROOM = 4 * 2**20
LEAST_BYTES_OF_FULL_CART = 500_000


def full_carts_alive() -> int:
    gc.collect()
    return sum(isinstance(it, Cart) and len(it.lines) == MAX_LINES for it in gc.get_objects())


async def test_carts_of_many_lines_are_weighed_and_others_are_served_meanwhile(
    tokens, start_replica, sign_in, catalogue: Catalogue
) -> None:
    async with start_replica(cart_hot_carts_bytes=ROOM) as client:
        products = await catalogue.put_many(MAX_LINES)
        heavy = {"operations": [{"op": "set", "product_id": id, "quantity": 2} for id in products]}
        is_over = asyncio.Event()

        async def change_all(customer: Customer) -> list[int]:
            return [(await customer.call("PATCH", "", heavy)).status_code for _ in range(WRITES)]

        async def look() -> int:
            looks = 0
            while not is_over.is_set():
                assert (await client.get("/api/v1/cart/health/live")).status_code == 200
                assert (await ann.add(products[0])).status_code == 200
                looks += 1
            return looks

        first, ann = sign_in(client, "guest"), sign_in(client)
        while (await first.call("PATCH", "", heavy)).status_code == 503:
            pass  # NATS may be slow to tell of the products; afterwards the replica knows them
        looking = asyncio.create_task(look())
        statuses = await asyncio.gather(*(change_all(sign_in(client, "guest")) for _ in range(CLIENTS)))
        is_over.set()
        assert statuses == [[200] * WRITES] * CLIENTS
        assert await looking > 0
        assert full_carts_alive() <= ROOM // LEAST_BYTES_OF_FULL_CART
