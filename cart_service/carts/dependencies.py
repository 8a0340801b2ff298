"""What routes ask for."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Depends, Request

from cart_service.carts.carts import Carts
from cart_service.carts.lifetimes import OwnerKind
from cart_service.carts.operations import Operation
from cart_service.carts.promo_codes import PromoCodes
from cart_service.carts.rendering import version_in
from cart_service.carts.service import CartWrite, WriteResult
from shared.errors import PermissionDenied
from shared.http.etag import EntityTags, IfMatchDep
from shared.http.headers import RequestHeader
from shared.http.identity import CurrentUserDep
from shared.http.runtime import use_cases
from shared.security.identity import Role, Scope, scope_missing

_USER_ID = "^[0-9a-f]{32}$"
_LONGEST_KEY = 255
_KEY = rf'^("([\x20\x21\x23-\x5b\x5d-\x7e]{{1,{_LONGEST_KEY}}})"|([\x21\x23-\x7e]{{1,{_LONGEST_KEY}}}))$'


async def carts(request: Request) -> Carts:
    return use_cases(request, Carts)


async def promo_codes(request: Request) -> PromoCodes:
    return use_cases(request, PromoCodes)


class IdempotencyKeyHeader(RequestHeader):
    """Gives the key, without the quotes that a structured string has (RFC 9651, section 3.3.3)."""

    async def __call__(self, request: Request) -> Any:
        text = self.read(request)
        if text is None:
            return None
        match = re.fullmatch(_KEY, text)
        if match is None:
            raise self.invalid(
                f"Expected 1 to {_LONGEST_KEY} visible ASCII characters, in double quotes or without."
            )
        return match[2] or match[3]


idempotency_key = IdempotencyKeyHeader(
    "Idempotency-Key",
    "A fresh name for this write, such as a UUID (draft-ietf-httpapi-idempotency-key-header). Repeating"
    " the request under the same key does not write again, and shows the cart as it is now. The cart"
    " remembers its last 64 keys.",
    example='"8e03978e-40d5-43e8-bc93-6894a57f9324"',
    max_length=_LONGEST_KEY + len('""'),
    pattern=_KEY,
)


class OnBehalfOfHeader(RequestHeader):
    """Gives the id of somebody else, whose cart is meant. Who the users are is not known here, so that a slip
    makes no cart for nobody the id has to look like one."""

    errors = (PermissionDenied,)

    async def __call__(self, request: Request) -> Any:
        text = self.read(request)
        if text is not None and not re.fullmatch(_USER_ID, text):
            raise self.invalid("Expected the id of a user: 32 lower-case hexadecimal digits.")
        return text


on_behalf_of = OnBehalfOfHeader(
    "On-Behalf-Of",
    f"Id of the user whose cart is meant instead of the caller's own; needs the scope `{Scope.CART_ANY}`.",
    example="0198c7e2f0a87c3e9d1b5a4f6e2c8d70",
    max_length=32,
    pattern=_USER_ID,
)


CartsDep = Annotated[Carts, Depends(carts)]
PromoCodesDep = Annotated[PromoCodes, Depends(promo_codes)]
IdempotencyKeyDep = Annotated[str | None, Depends(idempotency_key)]
OnBehalfOfDep = Annotated[str | None, Depends(on_behalf_of)]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose cart a request is about. `kind` is None where the token does not tell."""

    id: str
    kind: OwnerKind | None


async def cart_owner(user: CurrentUserDep, other: OnBehalfOfDep) -> Owner:
    if other is None or other == user.user_id:
        return Owner(user.user_id, OwnerKind.GUEST if user.role is Role.GUEST else OwnerKind.USER)
    if Scope.CART_ANY not in user.scopes:
        raise scope_missing(Scope.CART_ANY)
    return Owner(other, None)


OwnerDep = Annotated[Owner, Depends(cart_owner)]


@dataclass(frozen=True, slots=True)
class CartChanges:
    """Changes the cart that the request is about, under its key and its condition."""

    carts: Carts
    owner: Owner
    key: str | None
    versions: Collection[int] | None
    tags: Collection[str] | None

    async def make(self, operations: Sequence[Operation]) -> WriteResult:
        """All of the operations, or none; see `CartWriter.write`."""
        return await self.carts.write(self.write(operations))

    async def make_batch(self, operations: Sequence[Operation]) -> WriteResult:
        """The same, for a client's list of operations: a refusal names all that are refused."""
        return await self.carts.write(replace(self.write(operations), is_batch=True))

    async def make_as_seen(self, operations: Sequence[Operation]) -> WriteResult:
        """The same, for what accepts prices: where `If-Match` names a whole ETag, what it showed must be what
        is shown now. A version alone asks for no more than that."""
        return await self.carts.write(replace(self.write(operations), if_tags=self.tags))

    def write(self, operations: Sequence[Operation] = ()) -> CartWrite:
        """The write that the request asks for."""
        return CartWrite(self.owner.id, operations, self.key, self.versions, self.owner.kind)


async def cart_changes(
    request: Request, owner: OwnerDep, key: IdempotencyKeyDep, condition: IfMatchDep
) -> CartChanges:
    tags = None if condition is None or condition.any else condition.strong
    return CartChanges(await carts(request), owner, key, versions_of(condition), tags)


def versions_of(condition: EntityTags | None) -> Collection[int] | None:
    """The versions that `If-Match` accepts; None for any. A weak tag names none (RFC 9110, 13.1.1)."""
    if condition is None or condition.any:
        return None
    versions = (version_in(tag) for tag in condition.strong)
    return {version for version in versions if version is not None}


CartChangesDep = Annotated[CartChanges, Depends(cart_changes)]
