"""Adds the lines of a guest's cart to those of a customer's."""

from __future__ import annotations

from collections.abc import Mapping

from cart_service.carts.lines import Line, Lines, quantity_in, with_line, without
from cart_service.carts.records import MergedLine, MergeLimit, MergeOutcome, MergeStrategy
from cart_service.catalogue.model import CatalogueProduct
from cart_service.limits import MAX_LINES, MAX_QUANTITY


def merge_lines(
    mine: Lines, guest: tuple[Line, ...], strategy: MergeStrategy, products: Mapping[str, CatalogueProduct]
) -> tuple[Lines, tuple[MergedLine, ...]]:
    """The lines after the merge, and a report with a line for each of the guest's. It never fails. Each
    quantity is limited by the stock and the limits of a cart, but never below what the cart had before."""
    lines, report = mine, []
    for line in guest:
        merged = _merge_line(lines, line, strategy, products[line.product_id])
        lines = _with_pieces_of(lines, line, merged.quantity)
        report.append(merged)
    return lines, tuple(report)


def _with_pieces_of(lines: Lines, guest: Line, quantity: int) -> Lines:
    """With that number of pieces. Present pieces keep their prices, and more pieces have the guest's."""
    mine = lines.get(guest.product_id)
    if quantity == 0:
        return without(lines, guest.product_id)
    if mine is None:
        return with_line(lines, guest.first(quantity))
    if quantity == mine.quantity:
        return lines
    if quantity < mine.quantity:
        return with_line(lines, mine.first(quantity))
    return with_line(lines, mine.more(guest.first(quantity - mine.quantity).pieces))


def _merge_line(lines: Lines, line: Line, strategy: MergeStrategy, product: CatalogueProduct) -> MergedLine:
    id, mine = line.product_id, quantity_in(lines, line.product_id)
    wanted = strategy.quantity(mine, line.quantity)
    if wanted > mine:
        quantity, limit = _limited(lines, mine, wanted, product)
    else:
        quantity, limit = wanted, None
    return MergedLine(id, mine, line.quantity, quantity, _outcome(mine, quantity), limit)


def _limited(
    lines: Lines, mine: int, wanted: int, product: CatalogueProduct
) -> tuple[int, MergeLimit | None]:
    if not product.for_sale:
        return mine, MergeLimit.NOT_FOR_SALE
    if not mine and len(lines) >= MAX_LINES:
        return mine, MergeLimit.CART_FULL
    most = max(mine, product.stock)
    if wanted > min(most, MAX_QUANTITY):
        return min(most, MAX_QUANTITY), MergeLimit.STOCK if most < MAX_QUANTITY else MergeLimit.LINE_LIMIT
    return wanted, None


def _outcome(mine: int, quantity: int) -> MergeOutcome:
    if quantity == mine:
        return MergeOutcome.KEPT if mine else MergeOutcome.SKIPPED
    return MergeOutcome.CHANGED if mine else MergeOutcome.ADDED


def merge_saved(mine: Lines, guest: tuple[Line, ...]) -> Lines:
    """The lines that both carts have saved for later, as far as they fit."""
    saved = mine
    for line in guest:
        present = quantity_in(saved, line.product_id)
        if present or len(saved) < MAX_LINES:
            saved = _with_pieces_of(saved, line, min(max(present, line.quantity), MAX_QUANTITY))
    return saved
