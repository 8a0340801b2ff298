"""The collections of promotions: their declared fields, and the way there and back."""

from __future__ import annotations

from typing import Any

from cart_service.promotions.claims import Claim, ClaimState, PlacedOrder, Tally
from cart_service.promotions.definitions import definition_of, moment_of, promotion_of, text_of
from cart_service.promotions.model import Promotion
from shared.aggregates.outbox_fields import OUTBOX_FIELDS
from shared.clock import to_rfc3339
from shared.store.ports import Collection, Field, FieldType, Json

ENDLESS = "9999-12-31T23:59:59.999Z"
"""`over_at` of what has no end, so that a search by it finds every promotion."""

PROMOTIONS = Collection(
    name="promotions",
    schema_version=1,
    fields={
        "definition": Field(FieldType.OPAQUE),
        "version": Field(FieldType.LONG),
        "created_at": Field(FieldType.DATE),
        "begins_at": Field(FieldType.DATE),
        "over_at": Field(FieldType.DATE),
        **OUTBOX_FIELDS,
    },
)
PROMOTION_CLAIMS = Collection(
    name="promotion_claims",
    schema_version=1,
    fields={
        "code": Field(FieldType.KEYWORD),
        "owner": Field(FieldType.KEYWORD),
        "state": Field(FieldType.KEYWORD),
        "claim_id": Field(FieldType.OPAQUE),
        "counted": Field(FieldType.BOOLEAN),
        "turn": Field(FieldType.LONG),
        "final": Field(FieldType.LONG),
        "orders": Field(FieldType.OPAQUE),
        "changed_at": Field(FieldType.DATE),
    },
)
PROMOTION_TALLIES = Collection(
    name="promotion_tallies",
    schema_version=1,
    fields={"held": Field(FieldType.OPAQUE), "final": Field(FieldType.LONG)},
)


class PromotionCodec:
    """`begins_at` and `over_at` are what the list is filtered by."""

    def to_document(self, aggregate: Promotion) -> Json:
        begins_at = aggregate.conditions.starts_at or aggregate.created_at
        return {
            "definition": definition_of(aggregate),
            "version": aggregate.version,
            "created_at": to_rfc3339(aggregate.created_at),
            "begins_at": to_rfc3339(begins_at),
            "over_at": text_of(aggregate.over_at) or ENDLESS,
        }

    def from_document(self, _id: str, body: Json) -> Promotion:
        return promotion_of(body["definition"])


def claim_id_of(code: str, owner: str) -> str:
    """The id of a claim's document. No code has a colon."""
    return f"{code}:{owner}"


class ClaimCodec:
    def to_document(self, aggregate: Claim) -> Json:
        return {
            "code": aggregate.code,
            "owner": aggregate.owner,
            "state": aggregate.state.value,
            "claim_id": aggregate.claim_id,
            "counted": aggregate.counted,
            "turn": aggregate.turn,
            "final": aggregate.final,
            "orders": [[order.order_id, order.turn] for order in aggregate.orders],
            "changed_at": text_of(aggregate.changed_at),
        }

    def from_document(self, _id: str, body: Json) -> Claim:
        known: dict[str, Any] = {
            **body,
            "state": ClaimState(body["state"]),
            "orders": tuple(PlacedOrder(*order) for order in body["orders"]),
            "changed_at": moment_of(body["changed_at"]),
        }
        return Claim(**known)


class TallyCodec:
    def to_document(self, aggregate: Tally) -> Json:
        return {"held": aggregate.held, "final": aggregate.final}

    def from_document(self, id: str, body: Json) -> Tally:
        return Tally(id, body["held"], body["final"])
