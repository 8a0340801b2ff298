"""The operations of an OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class ApiOperation:
    """One method of one path, and its description in the document."""

    method: str
    path: str
    described: Json

    @property
    def id(self) -> str:
        return str(self.described["operationId"])

    @property
    def service(self) -> str:
        """`cart` of `/api/v1/cart/items`."""
        return self.path.removeprefix("/api/v1/").partition("/")[0]

    @property
    def summary(self) -> str:
        return str(self.described.get("summary", ""))

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes that a token must have."""
        ways = self.described.get("security", ())
        return frozenset(scope for way in ways for scopes in way.values() for scope in scopes)

    @property
    def statuses(self) -> Sequence[str]:
        """The statuses of its answers."""
        return sorted(self.described["responses"])

    def parameters(self, place: str) -> list[Json]:
        """Its parameters in `path`, `query` or `header`."""
        return [parameter for parameter in self.described.get("parameters", ()) if parameter["in"] == place]


def operations_of(document: Json) -> list[ApiOperation]:
    """All operations, in the document's order of paths."""
    return [
        ApiOperation(method, path, item[method])
        for path, item in document.get("paths", {}).items()
        for method in METHODS
        if method in item
    ]
