"""The cart's own settings."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from cart_service.carts.lifetimes import Lifetimes
from cart_service.carts.price_policy import POLICY_PATTERN
from cart_service.live.service import LiveLimits
from shared.settings import ServiceSettings

MIB = 2**20
_BYTES_OF_VERSION = 300
_LEAST_BYTES_OF_PRODUCT = 500


class CartSettings(ServiceSettings):
    cart_port: int = Field(3003, ge=1, le=65535, description="Port of cart_service.")
    cart_hot_carts_bytes: int = Field(
        48 * MIB,
        ge=0,
        description="Memory for carts that a replica keeps so that their next write needs no read, bytes.",
    )
    cart_known_products_bytes: int = Field(
        32 * MIB, ge=MIB, description="Memory for products, heard of through NATS, bytes."
    )
    cart_known_versions_bytes: int = Field(
        24 * MIB, ge=MIB, description="Memory for the newest version of each cart, bytes."
    )
    cart_summary_ttl_seconds: int = Field(
        900, ge=10, le=86_400, description="Time a cart's summary stays in Redis without being written again."
    )
    cart_price_policy: str = Field(
        "live",
        pattern=POLICY_PATTERN,
        description="Price of a line after the catalogue's has changed: `live` is the new one, `hold:<hours>`"
        " keeps the one when added for that long, `freeze` until it is acknowledged.",
    )
    cart_life_guest_days: int = Field(30, ge=1, le=3650, description="Life of a guest's cart.")
    cart_life_user_days: int = Field(90, ge=1, le=3650, description="Life of a customer's cart.")
    cart_life_empty_hours: int = Field(6, ge=1, le=8760, description="Life of an empty cart.")

    cart_sweep_seconds: int = Field(
        600,
        ge=1,
        le=86_400,
        description="Between looks for carts whose life is over, and for uses of promo codes no cart has.",
    )
    cart_sweep_batch: int = Field(
        200, ge=1, le=5000, description="Expired carts removed, or uses of promo codes looked at, at a time."
    )
    cart_events_heartbeat_seconds: int = Field(
        15, ge=1, le=300, description="Silence after which a live cart gets a sign of life."
    )
    cart_events_send_seconds: int = Field(
        30, ge=1, le=300, description="Time a live cart's client has to take what it is sent, or it is left."
    )
    cart_events_per_user: int = Field(
        8, ge=1, le=1000, description="Live carts of one user at once, on each replica; one more answers 429."
    )
    cart_events_limit: int = Field(
        1000, ge=1, le=100_000, description="Live carts at once on each replica; one more answers 503."
    )
    cart_events_bytes: int = Field(
        32 * MIB,
        ge=4 * MIB,
        description="Memory for live carts that wait for slow clients, bytes; past it the slowest end.",
    )

    @property
    def known_versions(self) -> int:
        """The number of carts whose newest version fits into memory. Each takes an id of up to 64 characters
        and two numbers, in two mappings."""
        return self.cart_known_versions_bytes // _BYTES_OF_VERSION

    @property
    def known_products(self) -> int:
        """The largest number of products that fit, with the revisions of their last changes."""
        return self.cart_known_products_bytes // _LEAST_BYTES_OF_PRODUCT

    cart_events_tickets_per_minute: int = Field(
        60,
        ge=1,
        le=10_000,
        description="Tickets for live carts that one user gets in a minute, from each replica; one more"
        " answers 429.",
    )

    def live_limits(self) -> LiveLimits:
        """The limits of live carts."""
        return LiveLimits(
            per_user=self.cart_events_per_user,
            in_all=self.cart_events_limit,
            heartbeat_seconds=self.cart_events_heartbeat_seconds,
            send_seconds=self.cart_events_send_seconds,
            most_bytes=self.cart_events_bytes,
        )

    def lifetimes(self) -> Lifetimes:
        """How long carts are kept."""
        return Lifetimes(
            guest=timedelta(days=self.cart_life_guest_days),
            user=timedelta(days=self.cart_life_user_days),
            empty=timedelta(hours=self.cart_life_empty_hours),
        )
