"""How long a cart is kept after its last write."""

from __future__ import annotations

from datetime import timedelta

from shared.clock import from_rfc3339
from tests.cart_service.conftest import Catalogue, Customer


def life(body) -> timedelta:
    return from_rfc3339(body["expires_at"]) - from_rfc3339(body["updated_at"])


async def test_a_guests_cart_is_kept_for_a_shorter_time(
    ann: Customer, sign_in, catalogue, stored_cart
) -> None:
    guest, mug = sign_in(ann.client, role="guest"), await catalogue.put()
    for customer, days in ((ann, 90), (guest, 30)):
        await customer.add(mug)
        assert life(await stored_cart(customer.user_id)) == timedelta(days=days)


async def test_an_empty_cart_is_kept_as_long_as_it_can_be_undone(
    ann: Customer, catalogue: Catalogue, stored_cart
) -> None:
    await ann.add(await catalogue.put())
    await ann.call("DELETE")
    assert life(await stored_cart(ann.user_id)) == timedelta(hours=24)
    await ann.call("POST", "/undo")
    assert life(await stored_cart(ann.user_id)) == timedelta(days=90)


async def test_an_administrators_write_leaves_a_guests_cart_a_guests(
    ann: Customer, sign_in, catalogue: Catalogue, stored_cart
) -> None:
    guest, admin = sign_in(ann.client, role="guest"), sign_in(ann.client, role="admin")
    mug = await catalogue.put()
    await guest.add(mug)
    await admin.add(mug, 1, On_Behalf_Of=guest.user_id)
    assert life(await stored_cart(guest.user_id)) == timedelta(days=30)


async def test_lifetimes_are_settings(start_replica, sign_in, tokens, catalogue, stored_cart) -> None:
    async with start_replica(cart_life_user_days=1, cart_life_guest_days=2) as client:
        for role, days in (("customer", 1), ("guest", 2)):
            customer = sign_in(client, role=role)
            await customer.add(await catalogue.put())
            assert life(await stored_cart(customer.user_id)) == timedelta(days=days)
