"""Promotions, claims and tallies in a document store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from cart_service.promotions.claims import Claim, ClaimState, PlacedOrder, Tally
from cart_service.promotions.definitions import definition_of, moment_of, promotion_of, text_of
from cart_service.promotions.model import Promotion, PromotionStatus
from shared.aggregates.change import Change
from shared.aggregates.outbox import Outbox
from shared.aggregates.outbox_fields import OUTBOX_FIELDS
from shared.aggregates.ports import ListPage
from shared.aggregates.repository import AggregateRepository
from shared.clock import to_rfc3339
from shared.store.ports import (
    Between,
    Collection,
    Condition,
    DocumentStore,
    Equals,
    Field,
    FieldType,
    Json,
    OneOf,
    Position,
    Query,
)

A = TypeVar("A", Claim, Tally)

ENDLESS = "9999-12-31T23:59:59.999Z"
"""The `over_at` of a promotion without an end, so that every document has one to filter by."""

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
    """The list is filtered by `begins_at` and `over_at`."""

    def to_document(self, aggregate: Promotion) -> Json:
        begins_at = aggregate.conditions.starts_at or aggregate.created_at
        return {
            "definition": definition_of(aggregate),
            "version": aggregate.version,
            "created_at": to_rfc3339(aggregate.created_at),
            "begins_at": to_rfc3339(begins_at),
            "over_at": text_of(aggregate.effective_end) or ENDLESS,
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


_HOT_TALLIES_BYTES = 8 * 2**20
_MILLISECOND = timedelta(milliseconds=1)


class StoredPromotions(AggregateRepository[Promotion]):
    """A `PromotionRepository`. The outbox delivers the events in the documents."""

    def __init__(self, store: DocumentStore, outbox: Outbox) -> None:
        super().__init__(store, PromotionCodec(), outbox)

    async def page(
        self, status: PromotionStatus | None, now: datetime, limit: int, after: Position | None
    ) -> ListPage[Promotion]:
        return await self.find(Query(_having(status, now), ["-created_at"], limit, after))


class _NotRemovable(Exception):
    """The claim has to stay."""


class StoredClaims(AggregateRepository[Claim]):
    """A `ClaimRepository`."""

    def __init__(self, store: DocumentStore) -> None:
        super().__init__(store, ClaimCodec())

    async def current(self, code: str, owner: str) -> Claim:
        return await self.get(claim_id_of(code, owner)) or Claim(code, owner)

    async def change(self, code: str, owner: str, step: Callable[[Claim], Claim]) -> Claim:
        return await self.update(claim_id_of(code, owner), _change_by(step, Claim(code, owner)))

    async def drop(self, code: str, owner: str, may_go: Callable[[Claim], bool]) -> None:
        def check(claim: Claim) -> None:
            if not may_go(claim):
                raise _NotRemovable

        with suppress(_NotRemovable):
            await self.remove(claim_id_of(code, owner), check)

    async def reserved(self, code: str) -> int:
        standing = [ClaimState.CLAIMING.value, ClaimState.RESERVED.value]
        return (await self.find(Query([Equals("code", code), OneOf("state", standing)], limit=1))).total

    def of_code(self, code: str) -> AsyncIterator[Claim]:
        return self.scan([Equals("code", code)])

    def of_owner(self, owner: str) -> AsyncIterator[Claim]:
        return self.scan([Equals("owner", owner)])

    def all(self) -> AsyncIterator[Claim]:
        return self.scan()

    async def unchanged_since(self, moment: datetime, limit: int, after: Position | None) -> ListPage[Claim]:
        taken = [state.value for state in ClaimState if state is not ClaimState.FREE]
        conditions: list[Condition] = [
            OneOf("state", taken),
            Between("changed_at", below=to_rfc3339(moment)),
        ]
        return await self.find(Query(conditions, ["changed_at"], limit, after))


class StoredTallies(AggregateRepository[Tally]):
    """A `TallyRepository`. All uses of a code change one document, so changes are written together."""

    def __init__(self, store: DocumentStore) -> None:
        super().__init__(store, TallyCodec(), hot_bytes=_HOT_TALLIES_BYTES)

    async def change(self, code: str, step: Callable[[Tally], Tally]) -> Tally:
        return await self.update(code, _change_by(step, Tally(code)))


def _change_by(step: Callable[[A], A], empty: A) -> Callable[[A | None], Change[A, A]]:
    def change(stored: A | None) -> Change[A, A]:
        before = stored or empty
        after = step(before)
        return Change(None if after is before else after, after)

    return change


def _having(status: PromotionStatus | None, now: datetime) -> list[Condition]:
    """Documents hold times in milliseconds, and `Between` excludes its upper end."""
    past = to_rfc3339(now.astimezone(UTC) + _MILLISECOND)
    match status:
        case PromotionStatus.SCHEDULED:
            return [Between("begins_at", at_least=past), Between("over_at", at_least=past)]
        case PromotionStatus.ACTIVE:
            return [Between("begins_at", below=past), Between("over_at", at_least=past)]
        case PromotionStatus.ENDED:
            return [Between("over_at", below=past)]
        case None:
            return []
