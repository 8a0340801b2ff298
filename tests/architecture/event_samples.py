"""Writes that publish every event of the shop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from auth_service.accounts.events import (
    UserAccessChanged,
    UserEmailChanged,
    UserEmailVerified,
    UserRegistered,
    UserRenamed,
    UserSignedIn,
    UserSignedOut,
)
from auth_service.accounts.model import User
from auth_service.security_log.events import UserExported, UserResetSent, UserSignInFailed
from auth_service.sessions.events import SessionEnded
from auth_service.sessions.model import Session
from cart_service.carts.events import events_of
from cart_service.carts.model import Cart
from cart_service.carts.records import MergeStrategy, PendingMerge
from cart_service.promotions.events import PromotionCreated, PromotionEnded
from cart_service.promotions.model import Benefit, Conditions, FixedAmount, FreeItem, Percentage, Promotion
from product_service.products.events import change_to
from product_service.products.model import Product, ProductStatus
from shared.clock import to_rfc3339
from shared.events.contracts import CartChangedOnBehalf, UserDeleted
from shared.events.envelope import Event
from shared.security.identity import Role
from tests.product_service.catalogues import details, product

NOW = datetime(2026, 1, 31, 12, 0, 0, 123000, tzinfo=UTC)


def sample_events() -> list[Event]:
    """At least one of every class."""
    return [*_of_accounts(), *_of_products(), *_of_carts(), *_of_promotions(FreeItem("p1", 2))]


def definitions() -> list[Event]:
    """An event of each kind of promotion."""
    benefits: list[Benefit] = [Percentage(5), FixedAmount(500), FreeItem("p1", 2)]
    return [event for benefit in benefits for event in _of_promotions(benefit)]


def _of_accounts() -> Iterator[Event]:
    user = User("u1", "Ann", "ann@example.com", "hash", Role.CUSTOMER, NOW, NOW, version=3)
    session = Session("s1", "u1", Role.CUSTOMER, "", NOW, NOW, NOW, NOW, version=2)
    yield UserRegistered.of(user).to_event(NOW)
    yield UserRegistered.of(user, "operator").to_event(NOW)
    yield UserSignedIn.of(user, "s1", "password").to_event(NOW)
    yield UserSignInFailed("u1", 3, "wrong_password").to_event(NOW)
    yield UserRenamed("u1", 3, "u1").to_event(NOW)
    yield UserAccessChanged.of(user, "u9").to_event(NOW)
    yield UserExported("u1", 3, "u1").to_event(NOW)
    yield UserResetSent("u1", 3, "u9").to_event(NOW)
    yield UserSignedOut.of(user, {"s2", "s1"}, "logout_all").to_event(NOW)
    yield UserEmailVerified.of(user).to_event(NOW)
    yield UserEmailChanged.of(user).to_event(NOW)
    yield UserDeleted("u1", 3, ["s1", "s2"]).to_event(NOW)
    yield UserSignedOut.of(user, {"s1"}, "ended_by_admin", "u9").to_event(NOW)
    yield UserDeleted("u1", 3, []).to_event(NOW)
    yield UserDeleted("u1", 3, [], "u9").to_event(NOW)
    yield SessionEnded.of(session, "logout").to_event(NOW)
    yield SessionEnded.of(session, "logout", "u1").to_event(NOW)


def _of_products() -> Iterator[Event]:
    pan = product(now=NOW)
    yield from _of_change(None, pan)
    yield from _of_change(pan, pan.revised(details(price=1, stock=7), NOW))
    yield from _of_change(pan, pan.revised(details(status=ProductStatus.ARCHIVED), NOW))
    yield from _of_change(pan, pan.removed(NOW))


def _of_change(before: Product | None, after: Product) -> Sequence[Event]:
    return change_to(before, after, None).events


def _of_carts() -> Iterator[Event]:
    empty = Cart("u1", version=6)
    one_line = empty.add("p1", 2, 100, to_rfc3339(NOW))
    full = replace(one_line, version=7, promo_code="TEN", promo_turn=5, next_turn=6)
    yield from events_of(empty, full, NOW)
    yield from events_of(full, replace(full, version=8, promo_code=None), NOW)
    yield CartChangedOnBehalf("u1", 7, "u9").to_event(NOW)
    guest = Cart("g1", version=6)
    pending = PendingMerge("m1", "u1", MergeStrategy.SUM, to_rfc3339(NOW), ())
    yield from events_of(guest, replace(guest, pending_merge=pending), NOW)


def _of_promotions(benefit: Benefit) -> Iterator[Event]:
    conditions = Conditions(minimum_spend=500, categories=("pans",), starts_at=NOW, per_user_limit=1)
    promotion = Promotion("TEN", benefit, conditions, "USD", "Ten", NOW)
    yield PromotionCreated.of(promotion).to_event(NOW)
    yield PromotionEnded.of(promotion.ended(NOW)).to_event(NOW)
