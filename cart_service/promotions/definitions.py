"""Promotions as plain values, for documents, events and the bucket."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from cart_service.promotions.model import (
    Benefit,
    Conditions,
    FixedAmount,
    FreeItem,
    Percentage,
    Promotion,
    PromotionKind,
)
from shared.clock import from_rfc3339, to_rfc3339


def definition_of(promotion: Promotion) -> dict[str, Any]:
    """The whole promotion, as in the bucket, the events and the document."""
    conditions = promotion.conditions
    return {
        "code": promotion.code,
        "version": promotion.version,
        "kind": promotion.kind.value,
        **asdict(promotion.benefit),
        "minimum_spend": conditions.minimum_spend,
        "categories": list(conditions.categories),
        "starts_at": text_of(conditions.starts_at),
        "ends_at": text_of(conditions.ends_at),
        "per_user_limit": conditions.per_user_limit,
        "total_limit": conditions.total_limit,
        "currency": promotion.currency,
        "description": promotion.description,
        "created_at": to_rfc3339(promotion.created_at),
        "ended_at": text_of(promotion.ended_at),
    }


def promotion_of(body: dict[str, Any]) -> Promotion:
    """The promotion of a `definition_of`. Raises KeyError, TypeError or ValueError for anything else."""
    return Promotion(
        code=body["code"],
        benefit=_benefit(body),
        conditions=Conditions(
            minimum_spend=body["minimum_spend"],
            categories=tuple(body["categories"]),
            starts_at=moment_of(body["starts_at"]),
            ends_at=moment_of(body["ends_at"]),
            per_user_limit=body["per_user_limit"],
            total_limit=body["total_limit"],
        ),
        currency=body["currency"],
        description=body["description"],
        created_at=from_rfc3339(body["created_at"]),
        ended_at=moment_of(body["ended_at"]),
        version=body["version"],
    )


def _benefit(body: dict[str, Any]) -> Benefit:
    match PromotionKind(body["kind"]):
        case PromotionKind.PERCENTAGE:
            return Percentage(body["percent"])
        case PromotionKind.FIXED:
            return FixedAmount(body["amount"])
        case PromotionKind.FREE_ITEM:
            return FreeItem(body["product_id"], body["quantity"])


def text_of(moment: datetime | None) -> str | None:
    return to_rfc3339(moment) if moment else None


def moment_of(text: str | None) -> datetime | None:
    return from_rfc3339(text) if text else None
