"""What the cart's routes depend on."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Depends, Request

from cart_service.carts.model import OwnerKind
from cart_service.carts.operations import Operation
from cart_service.carts.priced_cart import PricedCart
from cart_service.carts.promo_codes import PromoCodes
from cart_service.carts.reader import CartReader
from cart_service.carts.rendering import render_cart, render_summary
from cart_service.carts.service import CartWrite, CartWriter, WriteResult
from cart_service.carts.summaries import Summaries
from shared.entity_tags import EntityTags
from shared.errors import PermissionDenied
from shared.http.etag import IfMatchDep
from shared.http.headers import RequestHeader
from shared.http.identity import CurrentUserDep
from shared.http.runtime import provided
from shared.security.identity import Role, Scope, scope_missing

_USER_ID = "^[0-9a-f]{32}$"
_LONGEST_KEY = 255
_KEY = rf'^("([\x20\x21\x23-\x5b\x5d-\x7e]{{1,{_LONGEST_KEY}}})"|([\x21\x23-\x7e]{{1,{_LONGEST_KEY}}}))$'


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
    """Gives the id of another user, whose cart is meant. This service cannot look users up, so it only checks
    the id's format."""

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


CartReaderDep = Annotated[CartReader, Depends(provided(CartReader))]
CartWriterDep = Annotated[CartWriter, Depends(provided(CartWriter))]
SummariesDep = Annotated[Summaries, Depends(provided(Summaries))]
PromoCodesDep = Annotated[PromoCodes, Depends(provided(PromoCodes))]
IdempotencyKeyDep = Annotated[str | None, Depends(idempotency_key)]
OnBehalfOfDep = Annotated[str | None, Depends(on_behalf_of)]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose cart a request is about. `kind` is None if the token does not tell it. `by` is the administrator
    who acts for the owner."""

    id: str
    kind: OwnerKind | None
    by: str | None = None


async def cart_owner(user: CurrentUserDep, other: OnBehalfOfDep) -> Owner:
    if other is None or other == user.user_id:
        return Owner(user.user_id, OwnerKind.GUEST if user.role is Role.GUEST else OwnerKind.USER)
    if Scope.CART_ANY not in user.scopes:
        raise scope_missing(Scope.CART_ANY)
    return Owner(other, None, by=user.user_id)


OwnerDep = Annotated[Owner, Depends(cart_owner)]


@dataclass(frozen=True, slots=True)
class CartChanges:
    """Changes the cart that the request is about, under its key and its condition."""

    writer: CartWriter
    owner: Owner
    key: str | None
    if_match: EntityTags | None

    def write(self, *operations: Operation) -> CartWrite:
        """The write that the request asks for."""
        owner = self.owner
        return CartWrite(owner.id, operations, self.key, self.if_match, owner.kind, by=owner.by)

    def make(self, *operations: Operation) -> Awaitable[WriteResult]:
        """All of the operations, or none; see `CartWriter.write`."""
        return self.writer.write(self.write(*operations))

    def write_as_shown(self) -> CartWrite:
        """The same, for a write that accepts prices. If `If-Match` names a whole ETag, that has to be the one
        of the cart or of its summary now. A version alone asks for no more than the version."""
        accepts = None if self.if_match is None or self.if_match.any else self._accepts
        return replace(self.write(), accepts=accepts)

    def _accepts(self, priced: PricedCart) -> bool:
        tags = {str(priced.cart.version), render_cart(priced).etag, render_summary(priced).etag}
        return self.if_match is not None and not tags.isdisjoint(self.if_match.strong)


async def cart_changes(
    writer: CartWriterDep, owner: OwnerDep, key: IdempotencyKeyDep, condition: IfMatchDep
) -> CartChanges:
    return CartChanges(writer, owner, key, condition)


CartChangesDep = Annotated[CartChanges, Depends(cart_changes)]
