"""Promotions through the routes."""

from __future__ import annotations

from typing import Any

import httpx

from shared.ids import new_id
from tests.cart_service.conftest import Customer


def fresh_code() -> str:
    """A code that no other test has: they share NATS, and with it the bucket."""
    return f"T{new_id()[-20:]}".upper()


async def add_promotion(admin: Customer, **fields: Any) -> str:
    """A new promotion, of ten per cent where nothing else is said; gives its code."""
    kind = {} if "kind" in fields else {"kind": "percentage", "percent": 10}
    answer = await admin.call("POST", "/promotions", {"code": fresh_code(), **kind, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["code"]


async def put_code(customer: Customer, code: str, **headers: str) -> httpx.Response:
    return await customer.call("PUT", "/promo-code", {"code": code}, **headers)


async def uses_of(admin: Customer, code: str) -> dict[str, int]:
    return (await admin.call("GET", f"/promotions/{code}")).json()["uses"]
