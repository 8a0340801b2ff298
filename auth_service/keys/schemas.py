"""Public keys over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.http.models import Id, PublicModel

_Coordinate = Annotated[
    str,
    Field(
        max_length=43, pattern="^[A-Za-z0-9_-]{43}$", examples=["f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"]
    ),
]


class PublicKey(PublicModel):
    """A public key (RFC 7517, RFC 7518)."""

    kid: Annotated[Id, Field(description="Id of the key, as in the header of a token.")]
    kty: Annotated[Literal["EC"], Field(description="Type of the key.")]
    crv: Annotated[Literal["P-256"], Field(description="The curve.")]
    x: Annotated[_Coordinate, Field(description="X coordinate, base64url.")]
    y: Annotated[_Coordinate, Field(description="Y coordinate, base64url.")]
    use: Annotated[Literal["sig"], Field(description="Its use: signatures.")]
    alg: Annotated[Literal["ES256"], Field(description="The algorithm.")]


class PublicKeys(PublicModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: Annotated[list[PublicKey], Field(max_length=10, description="Every key in use.")]
