"""What can be asked of a cart. A write is a sequence of operations: all or none, and one new version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Protocol

from cart_service.domain.cart import Cart
from cart_service.domain.products import Product


class Operation(Protocol):
    @property
    def product_ids(self) -> tuple[str, ...]:
        """The products it must be known of whether they are for sale."""
        ...

    def apply(self, cart: Cart, products: Mapping[str, Product], at: str, /) -> Cart:
        """The cart after it. Raises what `Cart` and `Product.require_for_sale` raise."""
        ...


@dataclass(frozen=True, slots=True)
class AddItem:
    """Adds pieces of a product that is for sale."""

    product_id: str
    quantity: int

    @property
    def product_ids(self) -> tuple[str, ...]:
        return (self.product_id,)

    def apply(self, cart: Cart, products: Mapping[str, Product], at: str, /) -> Cart:
        product = products[self.product_id]
        product.require_for_sale()
        return cart.add(self.product_id, self.quantity, product.price, at)


@dataclass(frozen=True, slots=True)
class SetQuantity:
    """Sets a line's quantity. More pieces than before need a product that is for sale, fewer do not."""

    product_id: str
    quantity: int

    @property
    def product_ids(self) -> tuple[str, ...]:
        return (self.product_id,) if self.quantity else ()

    def apply(self, cart: Cart, products: Mapping[str, Product], at: str, /) -> Cart:
        if self.quantity <= cart.quantity_of(self.product_id):
            return cart.set(self.product_id, self.quantity, 0, at)
        product = products[self.product_id]
        product.require_for_sale()
        return cart.set(self.product_id, self.quantity, product.price, at)


@dataclass(frozen=True, slots=True)
class RemoveItem:
    """Removes a line, if it is there."""

    product_id: str

    @property
    def product_ids(self) -> tuple[str, ...]:
        return ()

    def apply(self, cart: Cart, _products: Mapping[str, Product], _at: str, /) -> Cart:
        return cart.remove(self.product_id)


@dataclass(frozen=True, slots=True)
class ClearCart:
    """Removes every line."""

    @property
    def product_ids(self) -> tuple[str, ...]:
        return ()

    def apply(self, cart: Cart, _products: Mapping[str, Product], _at: str, /) -> Cart:
        return cart.clear()


AnyOperation = AddItem | SetQuantity | RemoveItem | ClearCart


def fingerprint_of(operations: Sequence[AnyOperation]) -> str:
    """The same text for the same request, however its JSON was written."""
    request = repr([(type(operation).__name__, *astuple(operation)) for operation in operations])
    return hashlib.blake2b(request.encode(), digest_size=12).hexdigest()
