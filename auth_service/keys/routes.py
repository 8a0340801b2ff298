"""The public keys of access tokens."""

from __future__ import annotations

from fastapi import APIRouter, Response

from auth_service.keys.dependencies import KeysDep
from auth_service.keys.schemas import PublicKey, PublicKeys

router = APIRouter(tags=["Keys"])


@router.get("/.well-known/jwks.json", summary="List the public keys of access tokens")
async def get_jwks(keys: KeysDep, response: Response) -> PublicKeys:
    """A JSON Web Key Set (RFC 7517). While a key is being replaced there are two."""
    response.headers["Cache-Control"] = "public, max-age=60"
    return PublicKeys(keys=[PublicKey.model_validate(key) for key in keys.public_keys()])
