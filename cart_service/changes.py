"""Passes changes on inside a replica.

Sources and listeners know only the hub, so they can be built in any order.
"""

from __future__ import annotations


class ChangeListener:
    """Receives changes. A listener overrides the methods that it needs. The others do nothing."""

    def cart_changed(self, owner: str, version: int) -> None:
        """This replica learned of a newer version of a cart."""

    def product_changed(self, product_id: str) -> None:
        """The catalogue already includes the change."""

    def promotion_changed(self, code: str) -> None:
        """The known promotions already include the change."""

    def everything_changed(self) -> None:
        """Changes of any kind may have been missed."""

    async def cart_written(self, owner: str, version: int) -> None:
        """Runs as part of the delivery of a write's events. An error repeats the delivery."""

    async def account_deleted(self, owner: str) -> None:
        """An account was deleted. Every replica with a connection to NATS learns of it."""


class ChangeHub(ChangeListener):
    """Calls each listener, in the order of their subscriptions."""

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
