"""The route of merges."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from cart_service.carts.dependencies import CartChangesDep
from cart_service.carts.rendering import render_cart
from cart_service.carts.responses import WRITE_ERRORS, answer, with_refusal_shown
from cart_service.merging.schemas import CartMerge, MergePublic
from cart_service.merging.service import CartMerger, Merge
from shared.errors import FieldError, InvalidInput, NotAuthenticated
from shared.http.runtime import provided, runtime_of
from shared.security.identity import Identity, Role

router = APIRouter(tags=["Cart"])

CartMergerDep = Annotated[CartMerger, Depends(provided(CartMerger))]


@router.post(
    "/merge", summary="Merge a guest's cart into this one", response_model=MergePublic, responses=WRITE_ERRORS
)
async def merge_guest_cart(
    request: Request, body: CartMerge, changes: CartChangesDep, merger: CartMergerDep
) -> Response:
    """Moves the lines of the guest's cart to this one: exactly once, even if the request is repeated, or sent
    many times at once. The merge is separate from signing in, so neither can make the other fail.

    Nothing is refused for stock or limits: `lines` has the outcome of each line. `POST /undo` takes the merge
    back for 24 hours. Then the guest's cart can be merged again, for example with another strategy.
    `If-Match` is checked when the merge begins. A `dry_run` has no ETag, and shows the stored version: to
    merge only if nothing has changed since, send `If-Match` with that version."""
    guest = _guest(request, body.guest_token)
    if guest.user_id == changes.owner.id:
        raise _refused("This is the token of the cart's owner. Send the token of the guest.")
    merged = await with_refusal_shown(
        merger.merge(
            Merge(
                owner=changes.owner.id,
                guest=guest.user_id,
                strategy=body.strategy,
                dry_run=body.dry_run,
                key=None if body.dry_run else changes.key,
                if_match=changes.if_match,
                owner_kind=changes.owner.kind,
                by=changes.owner.by,
            )
        )
    )
    cart = render_cart(merged.written.priced)
    # A dry run has no ETag: the cart it shows is stored nowhere, so no condition may name it.
    etag = None if body.dry_run else cart.etag
    return answer(MergePublic.json_of(body, merged.record, cart.body), etag, replayed=merged.written.replayed)


def _guest(request: Request, token: str) -> Identity:
    try:
        guest = runtime_of(request).verifier.verify(token, even_ended=True)
    except NotAuthenticated as error:
        raise _refused(
            f"{error.detail} Refresh the guest's session, then merge with its new token."
        ) from error
    if guest.role is not Role.GUEST:
        raise _refused("This is not the token of a guest. Only the carts of guests can be merged.")
    return guest


def _refused(message: str) -> InvalidInput:
    return InvalidInput("The guest's token is not valid.", errors=[FieldError("/guest_token", message)])
