"""Carts as documents: one cart is one document, with its owner's id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cart_service.carts.lines import Line, Lines, Pieces, in_order
from cart_service.carts.model import Cart, OwnerKind
from cart_service.carts.records import (
    MergedLine,
    MergeLimit,
    MergeOutcome,
    MergeRecord,
    MergeStrategy,
    PendingMerge,
    UsedKey,
)
from cart_service.carts.undo import ChangedLine, Undo, Undoable
from shared.aggregates.outbox import Outbox
from shared.aggregates.outbox_fields import OUTBOX_FIELDS
from shared.aggregates.repository import AggregateRepository
from shared.store.ports import Collection, DocumentStore, Field, FieldType, Json

CARTS = Collection(
    name="carts",
    schema_version=3,
    fields={
        "version": Field(FieldType.LONG),
        "updated_at": Field(FieldType.DATE),
        "expires_at": Field(FieldType.DATE),
        "owner_kind": Field(FieldType.KEYWORD),
        "promo_code": Field(FieldType.KEYWORD),
        "promo_turn": Field(FieldType.LONG),
        "next_turn": Field(FieldType.LONG),
        "lines": Field(FieldType.OPAQUE),
        "saved": Field(FieldType.OPAQUE),
        "used_keys": Field(FieldType.OPAQUE),
        "recent": Field(FieldType.OPAQUE),
        "undo": Field(FieldType.OPAQUE),
        "merges": Field(FieldType.OPAQUE),
        "handover": Field(FieldType.OPAQUE),
        **OUTBOX_FIELDS,
    },
)


class CartCodec:
    """Lines are lists instead of objects, because each change writes the whole cart. Empty fields are left
    out.

    A document of schema version 1 has only the first fields. In one of version 2, lines have one price and no
    place, and an undo names the pieces to give back."""

    def to_document(self, aggregate: Cart) -> Json:
        rare: dict[str, Any] = {
            "promo_code": aggregate.promo_code,
            "promo_turn": aggregate.promo_turn,
            "next_turn": aggregate.next_turn,
            "saved": _line_lists(aggregate.saved.values()),
            "undo": aggregate.undo and _undo_json(aggregate.undo),
            "merges": [_merge_json(merge) for merge in aggregate.merges],
            "handover": aggregate.pending_merge and _pending_json(aggregate.pending_merge),
        }
        return {
            "version": aggregate.version,
            "updated_at": aggregate.updated_at,
            "expires_at": aggregate.expires_at,
            "owner_kind": aggregate.owner_kind.value,
            "lines": _line_lists(aggregate.lines.values()),
            "used_keys": [[used.key, used.fingerprint] for used in aggregate.used_keys],
            "recent": list(aggregate.recent),
            **{name: value for name, value in rare.items() if value},
        }

    def from_document(self, id: str, body: Json) -> Cart:
        return Cart(
            owner=id,
            version=body["version"],
            lines=_lines(body["lines"]),
            saved=_lines(body.get("saved", ())),
            promo_code=body.get("promo_code"),
            promo_turn=body.get("promo_turn", 0),
            next_turn=body.get("next_turn", 0),
            updated_at=body["updated_at"],
            expires_at=body.get("expires_at"),
            owner_kind=OwnerKind(body.get("owner_kind", OwnerKind.USER)),
            used_keys=tuple(UsedKey(*used) for used in body["used_keys"]),
            recent=tuple(body["recent"]),
            undo=_undo(body["undo"]) if body.get("undo") else None,
            merges=tuple(_merge(merge) for merge in body.get("merges", ())),
            pending_merge=_pending(body["handover"]) if body.get("handover") else None,
        )


class StoredCarts(AggregateRepository[Cart]):
    """A `CartRepository`."""

    def __init__(self, store: DocumentStore, outbox: Outbox, *, hot_bytes: int = 0) -> None:
        super().__init__(store, CartCodec(), outbox, hot_bytes=hot_bytes)


def _line_lists(lines: Iterable[Line]) -> list[Sequence[Any]]:
    return [_line_list(line) for line in lines]


def _line_list(line: Line) -> Sequence[Any]:
    """As short as possible: most lines have one price, that of the first add."""
    first = line.product_id, line.quantity, line.unit_price_when_added, line.added_at
    if line.layers:
        return *first, [(it.quantity, it.unit_price, it.since) for it in line.layers], line.place
    if line.place:
        return *first, line.priced_at, line.place
    return first if line.priced_at is None else (*first, line.priced_at)


def _line(fields: Sequence[Any]) -> Line:
    product_id, quantity, unit_price, added_at, *rest = fields
    priced = rest[0] if rest else None
    place = rest[1] if len(rest) > 1 else 0
    if not isinstance(priced, list):
        return Line(product_id, quantity, unit_price, added_at, priced, place=place)
    layers = tuple(Pieces(*pieces) for pieces in priced)
    priced_at = None if layers[0].since == added_at else layers[0].since
    return Line(product_id, quantity, unit_price, added_at, priced_at, layers, place)


def _line_tuple(lists: Iterable[Any]) -> tuple[Line, ...]:
    return tuple(_line(line) for line in lists)


def _lines(lists: Iterable[Any]) -> Lines:
    return in_order(_line(line) for line in lists)


def _undo_json(undo: Undo) -> Json:
    return {
        "operation": undo.operation.value,
        "at": undo.at,
        "changed": _changed_lists(undo.lines),
        "changed_saved": _changed_lists(undo.saved),
        "merge_id": undo.merge_id,
        "promo_turn": undo.promo_turn,
    }


def _changed_lists(changed: Iterable[ChangedLine]) -> list[Sequence[Any]]:
    return [
        (it.product_id, it.quantity_after, *([_line_list(it.before)] if it.before else ())) for it in changed
    ]


def _undo(body: Json) -> Undo:
    former = "changed" not in body
    lines, saved = (
        tuple(_formerly_changed(*line) if former else _changed(*line) for line in body[name])
        for name in (("lines", "saved") if former else ("changed", "changed_saved"))
    )
    operation, turn = Undoable(body["operation"]), body.get("promo_turn", 0)
    return Undo(operation, body["at"], lines, saved, body["merge_id"], turn)


def _changed(product_id: str, quantity_after: int, before: Sequence[Any] | None = None) -> ChangedLine:
    return ChangedLine(product_id, _line(before) if before else None, quantity_after)


def _formerly_changed(product_id: str, to_give_back: int, *rest: Any) -> ChangedLine:
    """From schema version 2: the pieces to give back, or (negative) to take away."""
    if to_give_back < 0:
        return ChangedLine(product_id, None, -to_give_back)
    return ChangedLine(product_id, _line((product_id, to_give_back, *rest)), 0)


def _merge_json(merge: MergeRecord) -> Json:
    report = [
        (it.product_id, it.quantity_mine, it.quantity_guest, it.quantity, it.outcome, it.limited_by)
        for it in merge.report
    ]
    return {
        "merge_id": merge.merge_id,
        "guest": merge.guest,
        "strategy": merge.strategy.value,
        "at": merge.at,
        "is_undone": merge.is_undone,
        "keys": merge.keys,
        "report": report,
    }


def _merge(body: Json) -> MergeRecord:
    report = tuple(
        MergedLine(id, mine, guest, quantity, MergeOutcome(outcome), MergeLimit(limit) if limit else None)
        for id, mine, guest, quantity, outcome, limit in body["report"]
    )
    return MergeRecord(
        body["merge_id"],
        body["guest"],
        MergeStrategy(body["strategy"]),
        body["at"],
        report,
        body["is_undone"],
        tuple(body["keys"]),
    )


def _pending_json(pending: PendingMerge) -> Json:
    return {
        "merge_id": pending.merge_id,
        "to": pending.to,
        "strategy": pending.strategy.value,
        "at": pending.at,
        "lines": _line_lists(pending.lines),
        "saved": _line_lists(pending.saved),
        "is_done": pending.is_done,
        "key": pending.key and [pending.key.key, pending.key.fingerprint],
        "promo_code": pending.promo_code,
        "promo_turn": pending.promo_turn,
    }


def _pending(body: Json) -> PendingMerge:
    return PendingMerge(
        body["merge_id"],
        body["to"],
        MergeStrategy(body["strategy"]),
        body["at"],
        _line_tuple(body["lines"]),
        _line_tuple(body["saved"]),
        body["is_done"],
        UsedKey(*body["key"]) if body["key"] else None,
        body["promo_code"],
        body["promo_turn"],
    )
