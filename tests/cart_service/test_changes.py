"""The hub of changes in a replica."""

from __future__ import annotations

from typing import Any

import pytest

from cart_service.changes import ChangeHub, ChangeListener
from shared.errors import Unavailable


class Recorder(ChangeListener):
    def __init__(self, name: str, heard: list[tuple[Any, ...]]) -> None:
        self.name = name
        self.heard = heard
        self.away = False

    def cart_changed(self, owner: str, version: int) -> None:
        self.heard.append((self.name, "cart", owner, version))

    def product_changed(self, product_id: str) -> None:
        self.heard.append((self.name, "product", product_id))

    def promotion_changed(self, code: str) -> None:
        self.heard.append((self.name, "promotion", code))

    def everything_changed(self) -> None:
        self.heard.append((self.name, "everything"))

    async def cart_written(self, owner: str, version: int) -> None:
        if self.away:
            raise Unavailable(f"{self.name} is away")
        self.heard.append((self.name, "written", owner, version))

    async def account_deleted(self, owner: str) -> None:
        self.heard.append((self.name, "deleted", owner))


@pytest.fixture
def heard() -> list[tuple[Any, ...]]:
    return []


@pytest.fixture
def recorders(heard: list[tuple[Any, ...]]) -> list[Recorder]:
    return [Recorder("a", heard), Recorder("b", heard)]


@pytest.fixture
def hub(recorders: list[Recorder]) -> ChangeHub:
    hub = ChangeHub()
    for listener in (ChangeListener(), *recorders):
        hub.subscribe(listener)
    return hub


async def test_every_listener_hears_in_order(hub: ChangeHub, heard: list[tuple[Any, ...]]) -> None:
    hub.cart_changed("ann", 3)
    hub.product_changed("mug")
    hub.promotion_changed("TEN")
    hub.everything_changed()
    await hub.cart_written("ann", 4)
    await hub.account_deleted("bob")
    news = [("cart", "ann", 3), ("product", "mug"), ("promotion", "TEN"), ("everything",)]
    news += [("written", "ann", 4), ("deleted", "bob")]
    assert heard == [(name, *what) for what in news for name in ("a", "b")]


async def test_a_failure_reaches_whoever_delivers(hub: ChangeHub, recorders: list[Recorder]) -> None:
    recorders[1].away = True
    with pytest.raises(Unavailable, match="b is away"):
        await hub.cart_written("ann", 4)


async def test_without_listeners_nothing_happens() -> None:
    hub = ChangeHub()
    hub.cart_changed("ann", 3)
    await hub.cart_written("ann", 3)
