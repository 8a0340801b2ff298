"""What promotions are, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cart_service.promotions.errors import PromoCodeEnded, PromoCodeNotStarted
from cart_service.promotions.model import (
    Conditions,
    FixedAmount,
    FreeItem,
    Percentage,
    Promotion,
    PromotionKind,
    PromotionStatus,
    normalised,
)
from shared.errors import InvalidInput

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


TEN_PERCENT = Percentage(10)


def promotion(benefit: Any = TEN_PERCENT, **conditions: Any) -> Promotion:
    return Promotion("SPRING", benefit, Conditions(**conditions), "USD", "", NOW)


@pytest.mark.parametrize(
    ("code", "kept"), [("spring-10_a", "SPRING-10_A"), ("abc", "ABC"), ("x" * 40, "X" * 40)]
)
def test_a_code_is_kept_in_upper_case(code: str, kept: str) -> None:
    assert normalised(code) == kept


@pytest.mark.parametrize("code", ["", "ab", "x" * 41, "sprung ß", "a.b.c", "abc\n", "*>a", "ｓｐｒｉｎｇ"])
def test_what_can_be_no_code_is_none(code: str) -> None:
    assert normalised(code) is None


@pytest.mark.parametrize(
    ("benefit", "kind"),
    [
        (Percentage(1), PromotionKind.PERCENTAGE),
        (FixedAmount(1), PromotionKind.FIXED),
        (FreeItem("p1", 1), PromotionKind.FREE_ITEM),
    ],
)
def test_the_kind_follows_from_the_benefit(benefit: Any, kind: PromotionKind) -> None:
    assert promotion(benefit).kind is kind


def test_a_promotion_without_times_is_active_until_it_is_ended() -> None:
    endless = promotion()
    assert endless.status_at(NOW) is PromotionStatus.ACTIVE
    assert endless.changes_at(NOW) is None
    over = endless.ended(NOW + HOUR)
    assert (over.status_at(NOW), over.status_at(NOW + HOUR)) == (
        PromotionStatus.ACTIVE,
        PromotionStatus.ENDED,
    )
    assert over.version == endless.version + 1
    assert over.ended(NOW + 2 * HOUR) is over


def test_time_alone_starts_and_ends_a_promotion() -> None:
    timed = promotion(starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
    moments = [NOW, NOW + HOUR, NOW + 2 * HOUR]
    assert [timed.status_at(moment).value for moment in moments] == ["scheduled", "active", "ended"]
    assert [timed.changes_at(moment) for moment in moments] == [NOW + HOUR, NOW + 2 * HOUR, None]


def test_what_is_over_does_not_start_any_more() -> None:
    called_off = promotion(starts_at=NOW + HOUR).ended(NOW)
    assert called_off.status_at(NOW + 2 * HOUR) is PromotionStatus.ENDED
    assert called_off.changes_at(NOW) is None


def test_only_a_running_promotion_can_be_put_on_a_cart() -> None:
    timed = promotion(starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
    with pytest.raises(PromoCodeNotStarted, match=r"2026-03-01T13:00:00\.000Z"):
        timed.require_running(NOW)
    timed.require_running(NOW + HOUR)
    with pytest.raises(PromoCodeEnded):
        timed.require_running(NOW + 2 * HOUR)


def test_a_valid_promotion_is_given_back() -> None:
    fine = promotion(starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
    assert fine.require_valid("USD") is fine


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (replace(promotion(), currency="EUR"), "/currency"),
        (promotion(starts_at=NOW + HOUR, ends_at=NOW + HOUR), "/ends_at"),
        (promotion(ends_at=NOW), "/ends_at"),
    ],
)
def test_what_does_not_fit_together_names_the_field(wrong: Promotion, pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        wrong.require_valid("USD")
    assert [error.pointer for error in refused.value.errors] == [pointer]
