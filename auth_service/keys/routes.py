"""The public keys of access tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from auth_service.keys.schemas import PublicKey, PublicKeys
from auth_service.keys.service import KeyService
from shared.http.runtime import provided

router = APIRouter(tags=["Keys"])

KeysDep = Annotated[KeyService, Depends(provided(KeyService))]


@router.get("/.well-known/jwks.json", summary="List the public keys of access tokens")
async def get_jwks(keys: KeysDep, response: Response) -> PublicKeys:
    """A JSON Web Key Set (RFC 7517). It has two keys while one replaces the other."""
    response.headers["Cache-Control"] = "public, max-age=60"
    return PublicKeys(keys=[PublicKey.model_validate(key) for key in keys.public_keys()])
