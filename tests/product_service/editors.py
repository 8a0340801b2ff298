"""Editors of the catalogue in tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.product_service.catalogues import body, ndjson

PRODUCTS = "/api/v1/products"


@dataclass(frozen=True)
class Editor:
    """Sends requests with the token of an editor."""

    shop: httpx.AsyncClient
    authorization: str

    async def send(
        self, method: str, path: str = "", *, version: Any = None, **options: Any
    ) -> httpx.Response:
        """`version` goes into If-Match."""
        headers = {"Authorization": self.authorization, **options.pop("headers", {})}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await self.shop.request(method, f"{PRODUCTS}{path}", headers=headers, **options)

    async def add(self, **replaced: Any) -> dict[str, Any]:
        """Adds a product, and waits until the search finds it."""
        answer = await self.send("POST", json=body(**replaced), headers={"Prefer": "wait=search"})
        assert answer.status_code == 201, answer.text
        added: dict[str, Any] = answer.json()
        return added

    async def load(self, lines: Iterable[Any]) -> httpx.Response:
        """Imports lines, and waits until the search finds them."""
        headers = {"Content-Type": "application/x-ndjson", "Prefer": "wait=search"}
        return await self.send("POST", "/import", content=ndjson(lines), headers=headers)
