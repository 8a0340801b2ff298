"""What changed, told to everything in this replica that has to know.

Sources of changes know the hub only, and so do listeners: each of them can be built first.
"""

from __future__ import annotations


class ChangeListener:
    """Hears of changes. A listener overrides what it needs; the rest does nothing."""

    def cart_changed(self, owner: str, version: int) -> None:
        """A newer version of a cart was heard of, by whatever way."""

    def product_changed(self, product_id: str) -> None:
        """The catalogue shows the change already."""

    def promotion_changed(self, code: str) -> None:
        """The known promotions include the change already."""

    def everything_changed(self) -> None:
        """Changes of any kind may have been missed."""

    async def cart_written(self, owner: str, version: int) -> None:
        """Part of the delivery of a write's events: what it raises makes the delivery come again."""

    async def account_deleted(self, owner: str) -> None:
        """An account was deleted; each replica hears of it, unless it is cut off."""


class ChangeHub(ChangeListener):
    """Tells each listener, in the order in which they subscribed."""

    def __init__(self) -> None:
        self._listeners: list[ChangeListener] = []

    def subscribe(self, listener: ChangeListener) -> None:
        self._listeners.append(listener)

    def cart_changed(self, owner: str, version: int) -> None:
        for listener in self._listeners:
            listener.cart_changed(owner, version)

    def product_changed(self, product_id: str) -> None:
        for listener in self._listeners:
            listener.product_changed(product_id)

    def promotion_changed(self, code: str) -> None:
        for listener in self._listeners:
            listener.promotion_changed(code)

    def everything_changed(self) -> None:
        for listener in self._listeners:
            listener.everything_changed()

    async def cart_written(self, owner: str, version: int) -> None:
        for listener in self._listeners:
            await listener.cart_written(owner, version)

    async def account_deleted(self, owner: str) -> None:
        for listener in self._listeners:
            await listener.account_deleted(owner)
