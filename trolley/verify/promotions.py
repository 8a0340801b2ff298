"""Promotions against their entries in the bucket `promotions`, and their uses against the carts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import orjson

from cart_service.bootstrap import OpenedRepository, OperatorTools
from cart_service.promotions.definitions import definition_of, promotion_of
from cart_service.promotions.events import PromotionEnded
from cart_service.promotions.model import Promotion
from cart_service.promotions.store import PromotionCodec, StoredPromotions
from cart_service.upkeep.promotion_audit import Recount
from shared.aggregates.change import Change
from shared.aggregates.outbox_fields import split
from shared.clock import Clock
from shared.events.ports import Bucket, Entry
from shared.events.projections import put_if_newer
from shared.store.ports import Document
from trolley.verify.entries import body_of, disagreement, is_under_way, version_of
from trolley.verify.findings import Finding

_DELIVERY_SECONDS = 10.0
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PromotionEntries:
    """Every promotion has an entry of its version, and every entry has a promotion.

    A promotion can only end. So a published end is kept, even if the store was restored to an earlier state.
    A promotion that such a store lacks is taken from its entry, which holds all of it. Otherwise the store is
    right, and the entry is written again, at a version that is not in use.
    """

    promotions: OpenedRepository[StoredPromotions]
    bucket: Bucket
    clock: Clock
    pending_seconds: float
    name: ClassVar[str] = "promotion entries"

    async def keys(self) -> AsyncIterator[str]:
        await self.promotions.store.refresh()
        async for document in self.promotions.store.scan():
            yield document.id
        async for entry in self.bucket.scan():
            yield entry.key

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        entries = await asyncio.gather(*map(self.bucket.get, keys))
        documents = await self.promotions.store.get_many(keys)
        looked_at = zip(keys, documents, entries, strict=True)
        judged = [(code, self._judge(document, entry)) for code, document, entry in looked_at]
        return [Finding(self.name, code, detail) for code, detail in judged if detail]

    async def fix(self, finding: Finding) -> None:
        code, entry = finding.what, await self.bucket.get(finding.what)
        published = _read(entry)

        def change(stored: Promotion | None) -> Change[Promotion, Promotion | None]:
            before = stored or published
            if before is None:
                return Change(None, None)
            after = _in_agreement(before, published, entry)
            has_ended = after.ended_at is not None and before.ended_at is None
            events = [PromotionEnded.of(after).to_event(self.clock.now())] if has_ended else []
            return Change(None if after is stored else after, after, events)

        promotion = await self.promotions.repository.update(code, change)
        if promotion is None:
            await self.bucket.delete(code)
            return
        await self.promotions.repository.delivered(code, _DELIVERY_SECONDS)
        await put_if_newer(self.bucket, code, orjson.dumps(definition_of(promotion)), promotion.version)

    def _judge(self, document: Document | None, entry: Entry | None) -> str | None:
        if document is None:
            return f"the entry of version {version_of(entry)} has no promotion" if entry else None
        fields, pending = split(document.body)
        if is_under_way(pending, self.clock, self.pending_seconds):
            return None
        promotion = PromotionCodec().from_document(document.id, fields)
        return disagreement(promotion.version, definition_of(promotion), entry)


def _in_agreement(promotion: Promotion, published: Promotion | None, entry: Entry | None) -> Promotion:
    """The promotion with a published end, at a version greater than that of an entry that differs."""
    if published is not None and published.ended_at is not None:
        promotion = promotion.ended(published.ended_at)
    if definition_of(promotion) == body_of(entry) or promotion.version > version_of(entry):
        return promotion
    return replace(promotion, version=version_of(entry) + 1)


def _read(entry: Entry | None) -> Promotion | None:
    try:
        promotion = promotion_of(body_of(entry))
    except (KeyError, TypeError, ValueError):
        return None
    return promotion if entry is not None and promotion.code == entry.key else None


@dataclass(frozen=True, slots=True)
class PromotionUsesCheck:
    """Every counted use belongs to a claim, every reserved use is counted, its cart has the code, and no
    other cart has it. Otherwise the claims are right, and the uses are counted again. Codes without a
    promotion are checked as well."""

    carts: OperatorTools
    name: ClassVar[str] = "uses of promo codes"

    async def keys(self) -> AsyncIterator[str]:
        codes = set()
        async for document in self.carts.promotions.store.scan():
            codes.add(document.id)
            yield document.id
        async for code in self.carts.service.promotion_audit.claimed_codes():
            if code not in codes:
                yield code

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        audit = self.carts.service.promotion_audit
        counted = [await audit.recount(code, repair=False) for code in keys]
        return [Finding(self.name, it.code, _describe_uses(it)) for it in counted if not it.is_clean]

    async def fix(self, finding: Finding) -> None:
        await self.carts.service.promotion_audit.recount(finding.what, repair=True)


def _describe_uses(counted: Recount) -> str:
    parts = [
        _describe("reserved for users whose carts do not have it", counted.abandoned),
        _describe("not reserved for users whose carts have it", counted.unreserved),
        _describe("counted without a claim", counted.orphans),
        _describe("reserved and not counted", counted.uncounted),
    ]
    if counted.final != counted.final_counted:
        parts.append(f"{counted.final} orders were placed, {counted.final_counted} are counted")
    return "; ".join(part for part in parts if part)


def _describe(what: str, names: Sequence[str]) -> str:
    return f"{len(names)} {what}: {', '.join(sorted(names)[:_SHOWN])}" if names else ""
