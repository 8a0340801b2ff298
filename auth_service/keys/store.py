"""The signing keys as a document."""

from __future__ import annotations

from auth_service.keys.model import SigningKey, SigningKeyring
from shared.clock import from_rfc3339, to_rfc3339
from shared.store.ports import Collection, Field, FieldType, Json

_OPAQUE = Field(FieldType.OPAQUE)

SIGNING_KEYS = Collection("signing_keys", 1, {"keys": _OPAQUE})


class SigningKeyringCodec:
    def to_document(self, ring: SigningKeyring) -> Json:
        return {"keys": [_key_to_json(key) for key in ring.keys]}

    def from_document(self, id: str, body: Json) -> SigningKeyring:  # noqa: ARG002  (there is only one)
        return SigningKeyring(tuple(_key_from_json(key) for key in body["keys"]))


def _key_to_json(key: SigningKey) -> Json:
    return {
        "kid": key.kid,
        "sealed": key.sealed,
        "public": dict(key.public),
        "active_from": to_rfc3339(key.active_from),
    }


def _key_from_json(body: Json) -> SigningKey:
    return SigningKey(body["kid"], body["sealed"], body["public"], from_rfc3339(body["active_from"]))
