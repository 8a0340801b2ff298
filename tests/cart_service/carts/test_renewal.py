"""Who looks at a cart keeps it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from cart_service.carts.model import OwnerKind
from cart_service.carts.operations import AddItem, ClearCart
from cart_service.carts.rendering import render_cart
from cart_service.carts.service import CartWrite
from cart_service.settings import CartSettings
from shared.ids import new_id
from tests.cart_service.conftest import Catalogue
from tests.cart_service.replicas import Replica, running_replica
from tests.support.clock import MovableClock


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def replica(backend_settings: dict[str, Any], clock: MovableClock) -> AsyncIterator[Replica]:
    async with running_replica(CartSettings(**backend_settings), clock) as running:
        yield running


@pytest.mark.parametrize(("kind", "days"), [(OwnerKind.GUEST, 30), (OwnerKind.USER, 90)])
async def test_who_looks_at_a_cart_keeps_it_by_one_write_in_half_a_life(
    replica: Replica, clock: MovableClock, catalogue: Catalogue, kind: OwnerKind, days: int
) -> None:
    owner = new_id()
    await replica.service.writer.write(CartWrite(owner, [AddItem(await catalogue.put(), 1)], owner_kind=kind))
    first = await replica.expires_at(owner)
    clock.ahead = timedelta(days=days / 2 - 1)
    before = render_cart(await replica.service.reader.read(owner)).etag
    assert await replica.expires_at(owner) == first
    clock.ahead = timedelta(days=days / 2 + 1)
    assert render_cart(await replica.service.reader.read(owner)).etag == before
    renewed = await replica.expires_at(owner)
    assert first is not None
    assert renewed is not None
    assert datetime.fromisoformat(renewed) - datetime.fromisoformat(first) >= timedelta(days=days / 2)
    clock.ahead += timedelta(minutes=1)
    await replica.service.reader.read(owner)
    assert await replica.expires_at(owner) == renewed


async def test_who_looks_at_its_summary_keeps_it_too(
    replica: Replica, clock: MovableClock, catalogue: Catalogue
) -> None:
    owner = new_id()
    await replica.service.writer.write(
        CartWrite(owner, [AddItem(await catalogue.put(), 1)], owner_kind=OwnerKind.GUEST)
    )
    first = await replica.expires_at(owner)
    clock.ahead = timedelta(days=14)
    summary = await replica.service.summaries.get(owner)
    assert await replica.expires_at(owner) == first
    for days in (16, 32, 48):
        clock.ahead = timedelta(days=days)
        assert (await replica.service.summaries.get(owner)).etag == summary.etag
        end = await replica.expires_at(owner)
        assert end is not None
        assert datetime.fromisoformat(end) > clock.now() + timedelta(days=29)


async def test_looking_at_an_empty_cart_writes_nothing(
    replica: Replica, clock: MovableClock, catalogue: Catalogue
) -> None:
    owner = new_id()
    await replica.service.reader.read(owner)
    assert await replica.store.get(owner) is None
    await replica.service.writer.write(CartWrite(owner, [AddItem(await catalogue.put(), 1)]))
    await replica.service.writer.write(CartWrite(owner, [ClearCart()]))
    end = await replica.expires_at(owner)
    clock.ahead = timedelta(hours=5)
    await replica.service.reader.read(owner)
    await replica.service.summaries.get(owner)
    assert await replica.expires_at(owner) == end


async def test_a_cart_of_a_release_that_kept_them_for_ever_gets_an_end(
    replica: Replica, catalogue: Catalogue
) -> None:
    owner = new_id()
    await replica.service.writer.write(CartWrite(owner, [AddItem(await catalogue.put(), 1)]))
    document = await replica.store.get(owner)
    assert document is not None
    endless = {name: value for name, value in document.body.items() if name != "expires_at"}
    await replica.store.replace(owner, endless, document.version)
    await replica.service.reader.read(owner)
    assert await replica.expires_at(owner) is not None
