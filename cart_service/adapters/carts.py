"""Carts as documents: one cart is one document, and its id is its owner's."""

from __future__ import annotations

from cart_service.domain.cart import Cart, Line, UsedKey
from shared.store.ports import Collection, Field, FieldType, Json
from shared.store.repository import OUTBOX_FIELDS

CARTS = Collection(
    name="carts",
    schema_version=1,
    fields={
        "version": Field(FieldType.LONG),
        "updated_at": Field(FieldType.DATE),
        "lines": Field(FieldType.OPAQUE),
        "used_keys": Field(FieldType.OPAQUE),
        "recent": Field(FieldType.OPAQUE),
        **OUTBOX_FIELDS,
    },
)


class CartCodec:
    """Lists instead of objects where there are many, because a cart is written whole with each change."""

    def to_document(self, aggregate: Cart) -> Json:
        return {
            "version": aggregate.version,
            "updated_at": aggregate.updated_at,
            "lines": [
                (line.product_id, line.quantity, line.unit_price_when_added, line.added_at)
                for line in aggregate.lines.values()
            ],
            "used_keys": [[used.key, used.fingerprint] for used in aggregate.used_keys],
            "recent": list(aggregate.recent),
        }

    def from_document(self, id: str, body: Json) -> Cart:
        return Cart(
            owner=id,
            version=body["version"],
            lines={line[0]: Line(*line) for line in body["lines"]},
            updated_at=body["updated_at"],
            used_keys=tuple(UsedKey(*used) for used in body["used_keys"]),
            recent=tuple(body["recent"]),
        )
