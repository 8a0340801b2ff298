"""The routes of a shop, as its OpenAPI document tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    summary: str

    @property
    def service(self) -> str:
        """`cart` of `/api/v1/cart/items`."""
        return self.path.removeprefix("/api/v1/").partition("/")[0]

    def mentions(self, word: str) -> bool:
        """Whether it contains the word, in any case."""
        return word.lower() in f"{self.method} {self.path} {self.summary}".lower()


def routes_of(document: Mapping[str, Any]) -> list[Route]:
    """The routes of an OpenAPI document."""
    return [
        Route(method.upper(), path, operation.get("summary", ""))
        for path, operations in document.get("paths", {}).items()
        for method, operation in operations.items()
        if method in METHODS
    ]
