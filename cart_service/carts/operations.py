"""Operations on a cart. A write is a sequence of them: all or none, and one new version."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import ClassVar

from cart_service.carts.errors import REFUSALS, CartFull, LineLimitReached, Refusal, refusal_of
from cart_service.carts.lines import Line
from cart_service.carts.model import Cart
from cart_service.carts.undo import Undoable
from cart_service.catalogue.model import CatalogueProduct


@dataclass(frozen=True, slots=True)
class Operation(ABC):
    """A change of a cart, in the words of a request.

    `wire_name` is part of the fingerprints that carts store, so it never changes.
    """

    wire_name: ClassVar[str]

    @property
    def undoable(self) -> Undoable | None:
        """How a write can be undone in which this operation removed a line; None if it cannot."""
        return None

    @property
    def request(self) -> tuple[object, ...]:
        """What was asked for. Equal requests give equal values, however their JSON was written."""
        return self.wire_name, *astuple(self)

    def products_of(self, _cart: Cart, /) -> Collection[str]:
        """The products that `apply` looks up in the catalogue."""
        return ()

    @abstractmethod
    def apply(self, cart: Cart, products: Mapping[str, CatalogueProduct], at: str, /) -> Cart:
        """The cart after the operation. Raises what `Cart` and `CatalogueProduct.require_for_sale` raise."""


@dataclass(frozen=True, slots=True)
class AddItem(Operation):
    """Adds pieces of a product that is for sale."""

    wire_name = "AddItem"
    product_id: str
    quantity: int

    def products_of(self, _cart: Cart, /) -> Collection[str]:
        return (self.product_id,)

    def apply(self, cart: Cart, products: Mapping[str, CatalogueProduct], at: str, /) -> Cart:
        product = products[self.product_id]
        product.require_for_sale()
        return cart.add(self.product_id, self.quantity, product.price, at)


@dataclass(frozen=True, slots=True)
class SetQuantity(Operation):
    """Sets a line's quantity. More pieces than before need a product that is for sale, fewer do not."""

    wire_name = "SetQuantity"
    product_id: str
    quantity: int

    @property
    def undoable(self) -> Undoable | None:
        return None if self.quantity else Undoable.REMOVE

    def products_of(self, _cart: Cart, /) -> Collection[str]:
        return (self.product_id,) if self.quantity else ()

    def apply(self, cart: Cart, products: Mapping[str, CatalogueProduct], at: str, /) -> Cart:
        if self.quantity <= cart.quantity_of(self.product_id):
            return cart.set(self.product_id, self.quantity, 0, at)
        product = products[self.product_id]
        product.require_for_sale()
        return cart.set(self.product_id, self.quantity, product.price, at)


@dataclass(frozen=True, slots=True)
class RemoveItem(Operation):
    """Removes a line, if it is there."""

    wire_name = "RemoveItem"
    product_id: str

    @property
    def undoable(self) -> Undoable | None:
        return Undoable.REMOVE

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], _at: str, /) -> Cart:
        return cart.remove(self.product_id)


@dataclass(frozen=True, slots=True)
class ClearCart(Operation):
    """Removes every line."""

    wire_name = "ClearCart"

    @property
    def undoable(self) -> Undoable | None:
        return Undoable.CLEAR

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], _at: str, /) -> Cart:
        return cart.clear()


@dataclass(frozen=True, slots=True)
class SaveForLater(Operation):
    """Moves a line to those saved for later."""

    wire_name = "SaveForLater"
    product_id: str

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], _at: str, /) -> Cart:
        return cart.save(self.product_id)


@dataclass(frozen=True, slots=True)
class RestoreSaved(Operation):
    """Moves a line back from those saved for later."""

    wire_name = "RestoreSaved"
    product_id: str

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], _at: str, /) -> Cart:
        return cart.restore(self.product_id)


@dataclass(frozen=True, slots=True)
class DiscardSaved(Operation):
    """Removes a line from those saved for later, if it is there."""

    wire_name = "DiscardSaved"
    product_id: str

    @property
    def undoable(self) -> Undoable | None:
        return Undoable.REMOVE

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], _at: str, /) -> Cart:
        return cart.discard(self.product_id)


@dataclass(frozen=True, slots=True)
class ForgetProduct(Operation):
    """Removes a product that the shop does not know from the lines and from those saved for later."""

    wire_name = "ForgetProduct"
    product_id: str

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], _at: str, /) -> Cart:
        return cart.remove(self.product_id).discard(self.product_id)


@dataclass(frozen=True, slots=True)
class UndoLast(Operation):
    """Undoes the write of the last clear, removal or merge."""

    wire_name = "TakeBack"  # an older name of the class; stored carts have it in their fingerprints

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], at: str, /) -> Cart:
        return cart.undo_last(at)


@dataclass(frozen=True, slots=True)
class Acknowledge(Operation):
    """Accepts what the notices say. Prices become those of now, and a quantity at most the stock. A line that
    is out of stock is saved for later, and one whose product is gone is removed. If no more can be saved, the
    line is removed as well, and an undo brings it back."""

    wire_name = "Acknowledge"

    def products_of(self, cart: Cart, /) -> Collection[str]:
        return cart.lines.keys()

    def apply(self, cart: Cart, products: Mapping[str, CatalogueProduct], at: str, /) -> Cart:
        before, has_dropped = cart, False
        for id, line in before.lines.items():
            product = products[id]
            if not product.for_sale:
                cart = cart.remove(id)
                continue
            if any(it.unit_price != product.price for it in line.pieces):
                cart = replace(cart, lines={**cart.lines, id: line.acknowledged(product.price, at)})
            if line.quantity <= product.stock:
                continue
            try:
                cart = cart.set(id, product.stock, 0, at) if product.stock else cart.save(id)
            except (CartFull, LineLimitReached):
                has_dropped = True
                cart = cart.remove(id)
        return cart.undoable_as(Undoable.REMOVE, at, before) if has_dropped else cart


def apply_all(
    operations: Sequence[Operation],
    before: Cart,
    products: Mapping[str, CatalogueProduct],
    at: str,
    *,
    is_batch: bool = False,
) -> Cart:
    """The cart after all of them, as one new version. If they removed a line that was there before, all their
    changes can be undone together. Raises the first refusal; in a batch it names all of them."""
    cart, kind = before, None
    refused: dict[int, Refusal] = {}
    for position, operation in enumerate(operations):
        try:
            found, cart = cart, operation.apply(cart, products, at)
        except REFUSALS as refusal:
            refused[position] = refusal
            continue
        if operation.undoable is not None and _has_lost(found, cart, before):
            kind = Undoable.CLEAR if kind is Undoable.CLEAR else operation.undoable
    if refused:
        raise refusal_of(refused) if is_batch else next(iter(refused.values()))
    if kind is not None:
        cart = cart.undoable_as(kind, at, before)
    return cart.after(before, at)


def _has_lost(found: Cart, after: Cart, before: Cart) -> bool:
    """Whether an operation removed a line, also one saved for later, that was there before the write."""
    pairs = (found.lines, after.lines), (found.saved, after.saved)
    return any(
        id not in left and _is_of(before, line)
        for present, left in pairs
        if present is not left
        for id, line in present.items()
    )


def _is_of(cart: Cart, line: Line) -> bool:
    """Whether the cart has this line, perhaps with other pieces. One that was removed and added is
    another."""
    kept = (lines.get(line.product_id) for lines in (cart.lines, cart.saved))
    return any(it is not None and (it.added_at, it.place) == (line.added_at, line.place) for it in kept)


def fingerprint_of(operations: Sequence[Operation]) -> str:
    """Equal for equal requests. Carts store it, so it never changes."""
    request = repr([operation.request for operation in operations])
    return hashlib.blake2b(request.encode(), digest_size=12).hexdigest()
