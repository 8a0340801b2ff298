"""The requests that the connections repeat, for each line of the report."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import httpx
import orjson

from benchmarks.report import ADD, BARE_POST, BARE_REDIS, BARE_ROUTE, SUMMARY

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
    """Signs customers up and gives each a small cart. Returns the requests to send."""
    tokens = await guests(client, CUSTOMERS)
    products = await product_ids(client, 20)
    await asyncio.gather(*(fill(client, token, products[:3]) for token in tokens))
    emails = [await _account(client, number) for number in range(8)]
    return {
        BARE_ROUTE: [request("GET", "/bare/route")],
        BARE_REDIS: [request("GET", "/bare/redis")],
        BARE_POST: [
            request("POST", "/bare/add", token=token, body={"product_id": products[0]}) for token in tokens
        ],
        SUMMARY: [request("GET", "/api/v1/cart/summary", token=token) for token in tokens],
        ADD: [
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


async def guests(client: httpx.AsyncClient, count: int) -> list[str]:
    """Access tokens of new guests."""
    responses = await asyncio.gather(*(client.post("/api/v1/auth/guest") for _ in range(count)))
    return [str(response.raise_for_status().json()["access_token"]) for response in responses]


async def product_ids(client: httpx.AsyncClient, count: int) -> list[str]:
    """The ids of products for sale."""
    ids: list[str] = []
    query: dict[str, Any] = {"limit": min(count, 100), "in_stock": True}
    while len(ids) < count:
        page = (await client.get("/api/v1/products", params=query)).raise_for_status().json()
        ids += [product["id"] for product in page["items"]]
        query["cursor"] = page["next_cursor"]
    return ids[:count]


async def fill(client: httpx.AsyncClient, token: str, products: Sequence[str]) -> None:
    """Puts one piece of each product into the cart."""
    operations = [{"op": "add", "product_id": product, "quantity": 1} for product in products]
    headers = {"Authorization": f"Bearer {token}"}
    response = await client.patch("/api/v1/cart", headers=headers, json={"operations": operations})
    response.raise_for_status()


async def _account(client: httpx.AsyncClient, number: int) -> str:
    email = f"customer.{number}@bench.example"
    body = {"name": f"Customer {number}", "email": email, "password": PASSWORD}
    (await client.post("/api/v1/auth/register", json=body)).raise_for_status()
    return email
