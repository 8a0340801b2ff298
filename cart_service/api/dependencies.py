"""What routes ask for."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from cart_service.domain.operations import AnyOperation
from cart_service.service import CartService, Write, Written
from cart_service.service.rendering import version_in
from shared.http.etag import EntityTags, IfMatchDep
from shared.http.headers import RequestHeader
from shared.http.runtime import use_cases
from shared.security.dependencies import CurrentUserDep

_KEY = re.compile(r'"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})')


async def cart_service(request: Request) -> CartService:
    return use_cases(request, CartService)


class IdempotencyKeyHeader(RequestHeader):
    """Gives the key, without the quotes that a structured string has (RFC 9651, section 3.3.3)."""

    async def __call__(self, request: Request) -> Any:
        text = self.read(request)
        if text is None:
            return None
        match = _KEY.fullmatch(text)
        if match is None:
            raise self.invalid("Expected 1 to 255 visible ASCII characters, in double quotes or without.")
        return match[1] or match[2]


idempotency_key = IdempotencyKeyHeader(
    "Idempotency-Key",
    "A fresh name for this write, such as a UUID (draft-ietf-httpapi-idempotency-key-header). Repeating"
    " the request under the same key does not write again. The cart remembers its last 64 keys.",
    example='"8e03978e-40d5-43e8-bc93-6894a57f9324"',
)


CartServiceDep = Annotated[CartService, Depends(cart_service)]
IdempotencyKeyDep = Annotated[str | None, Depends(idempotency_key)]


@dataclass(frozen=True, slots=True)
class CartChanges:
    """Changes the caller's cart, under the key and the condition of the request."""

    carts: CartService
    owner: str
    key: str | None
    versions: Collection[int] | None

    async def make(self, operations: Sequence[AnyOperation]) -> Written:
        """All of the operations, or none; see `CartService.write`."""
        return await self.carts.write(Write(self.owner, operations, self.key, self.versions))


async def cart_changes(
    request: Request, user: CurrentUserDep, key: IdempotencyKeyDep, condition: IfMatchDep
) -> CartChanges:
    return CartChanges(await cart_service(request), user.user_id, key, versions_of(condition))


def versions_of(condition: EntityTags | None) -> Collection[int] | None:
    """The versions that `If-Match` accepts; None for any. A weak tag names none (RFC 9110, 13.1.1)."""
    if condition is None or condition.any:
        return None
    versions = (version_in(tag) for tag in condition.strong)
    return {version for version in versions if version is not None}


CartChangesDep = Annotated[CartChanges, Depends(cart_changes)]
