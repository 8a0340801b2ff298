"""What is measured: for each line of the report, the requests that its connections repeat."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import httpx
import orjson

from benchmarks.report import BARE_REDIS, BARE_ROUTE

CUSTOMERS = 64
WORDS = ("red", "shirt", "coffee", "lamp", "wood", "bag", "black", "table", "light", "steel")
PASSWORD = "correct horse battery staple"


def request(method: str, path: str, *, token: str = "", body: Any = None) -> bytes:
    """A whole HTTP/1.1 request."""
    content = b"" if body is None else orjson.dumps(body)
    head = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    head += [f"Authorization: Bearer {token}"] if token else []
    head += ["Content-Type: application/json", f"Content-Length: {len(content)}"] if content else []
    return "\r\n".join([*head, "\r\n"]).encode() + content


async def scenarios(client: httpx.AsyncClient) -> dict[str, Sequence[bytes]]:
    """Signs customers up, gives each a small cart, and says what to send."""
    tokens = await asyncio.gather(*(_guest(client) for _ in range(CUSTOMERS)))
    products = await _products(client)
    await asyncio.gather(*(_fill(client, token, products[:3]) for token in tokens))
    emails = [await _account(client, number) for number in range(8)]
    return {
        BARE_ROUTE: [request("GET", "/bare/route")],
        BARE_REDIS: [request("GET", "/bare/redis")],
        "cart summary, cached": [request("GET", "/api/v1/cart/summary", token=token) for token in tokens],
        "add to cart": [
            request("POST", "/api/v1/cart/items", token=token, body={"product_id": product})
            for product, token in itertools.product(products, tokens)
        ],
        "product search": [request("GET", f"/api/v1/products?q={word}&limit=20") for word in WORDS],
        "product by id": [request("GET", f"/api/v1/products/{product}") for product in products],
        "login (argon2)": [
            request("POST", "/api/v1/auth/login", body={"email": email, "password": PASSWORD})
            for email in emails
        ],
    }


async def _guest(client: httpx.AsyncClient) -> str:
    response = await client.post("/api/v1/auth/guest")
    return str(response.raise_for_status().json()["access_token"])


async def _products(client: httpx.AsyncClient) -> list[str]:
    response = await client.get("/api/v1/products", params={"limit": 20, "in_stock": True})
    return [product["id"] for product in response.raise_for_status().json()["items"]]


async def _fill(client: httpx.AsyncClient, token: str, products: Sequence[str]) -> None:
    operations = [{"op": "add", "product_id": product, "quantity": 1} for product in products]
    headers = {"Authorization": f"Bearer {token}"}
    response = await client.patch("/api/v1/cart", headers=headers, json={"operations": operations})
    response.raise_for_status()


async def _account(client: httpx.AsyncClient, number: int) -> str:
    email = f"customer.{number}@bench.example"
    body = {"name": f"Customer {number}", "email": email, "password": PASSWORD}
    (await client.post("/api/v1/auth/register", json=body)).raise_for_status()
    return email
