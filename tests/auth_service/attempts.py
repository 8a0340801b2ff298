"""Attempts to sign in, from networks of their own."""

from __future__ import annotations

from typing import Any

import httpx

from auth_service.settings import AuthSettings
from shared.ids import new_id
from shared.observability.metrics import REGISTRY
from tests.auth_service.people import AUTH

WRONG = "wrong horse battery"
GATEWAY = {"X-Gateway-Secret": AuthSettings.model_fields["gateway_secret"].default.get_secret_value()}
LIMITS: dict[str, Any] = {
    "failures_per_account": 4,
    "failures_per_network": 1000,
    "failures_per_device": 2,
    "first_wait": 900,
    "longest_wait": 900,
    "sign_ups_per_minute": 2,
    "guests_per_minute": 0,
    "mails_per_account": 4,
    "mails_per_network": 6,
}


def fresh_address() -> str:
    """An address that no other test uses: tests share a Redis."""
    digits = new_id()[-16:]
    return ":".join(["2001", "db8", digits[:4], digits[4:8], digits[8:12], digits[12:], "0", "1"])


def fresh_network() -> str:
    """The first half of an IPv6 address."""
    digits = new_id()[-8:]
    return f"2001:{digits[:4]}:{digits[4:]}:1"


async def attempt(
    shop: httpx.AsyncClient,
    email: str,
    password: str = WRONG,
    *,
    address: str | None = None,
    device: str | None = None,
) -> httpx.Response:
    headers = {**GATEWAY, "X-Forwarded-For": address} if address else {}
    if device:
        headers["Device-Token"] = device
    body = {"email": email, "password": password}
    return await shop.post(f"{AUTH}/login", json=body, headers=headers)


async def exhaust(shop: httpx.AsyncClient, email: str, failures: int) -> None:
    """Uses up the account's budget, each failure from a network of its own."""
    for _ in range(failures):
        assert (await attempt(shop, email, address=f"{fresh_network()}::1")).status_code == 401


def verifications() -> float:
    return REGISTRY.get_sample_value("auth_password_duration_seconds_count", {"operation": "verify"}) or 0


def throttled(reason: str) -> float:
    return REGISTRY.get_sample_value("auth_throttled_total", {"reason": reason}) or 0
