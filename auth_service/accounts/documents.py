"""What auth keeps, and how each aggregate is written as a document."""

from __future__ import annotations

from datetime import datetime

from auth_service.accounts.claims import EmailClaim
from auth_service.accounts.model import User
from auth_service.keys.model import Keyring, SigningKey
from auth_service.sessions.model import Session
from shared.aggregates.outbox_fields import OUTBOX_FIELDS
from shared.clock import from_rfc3339, to_rfc3339
from shared.security.identity import Role
from shared.store.ports import Collection, Field, FieldType, Json

_DATE = Field(FieldType.DATE)
_KEYWORD = Field(FieldType.KEYWORD)
_OPAQUE = Field(FieldType.OPAQUE)

USERS = Collection(
    "users",
    1,
    {
        "email": _KEYWORD,
        "role": _KEYWORD,
        "disabled": Field(FieldType.BOOLEAN),
        "deleted": Field(FieldType.BOOLEAN),
        "created_at": _DATE,
        "updated_at": _DATE,
        "version": Field(FieldType.LONG),
        "name": _OPAQUE,
        "password_hash": _OPAQUE,
        "credentials_version": _OPAQUE,
        "sessions": _OPAQUE,
        **OUTBOX_FIELDS,
    },
)

EMAIL_CLAIMS = Collection(
    "email_claims", 1, {"user_id": _KEYWORD, "claimed_at": _DATE, "confirmed": Field(FieldType.BOOLEAN)}
)

SESSIONS = Collection(
    "sessions",
    1,
    {
        "user_id": _KEYWORD,
        "role": _KEYWORD,
        "created_at": _DATE,
        "refreshed_at": _DATE,
        "expires_at": _DATE,
        "ended_at": _DATE,
        "version": Field(FieldType.LONG),
        "refresh_digest": _OPAQUE,
        "user_agent": _OPAQUE,
        **OUTBOX_FIELDS,
    },
)

SIGNING_KEYS = Collection("signing_keys", 1, {"keys": _OPAQUE})

COLLECTIONS = (USERS, EMAIL_CLAIMS, SESSIONS, SIGNING_KEYS)


class UserCodec:
    def to_document(self, user: User) -> Json:
        return {
            "email": user.email,
            "role": user.role.value,
            "disabled": user.disabled,
            "deleted": user.deleted,
            "created_at": to_rfc3339(user.created_at),
            "updated_at": to_rfc3339(user.updated_at),
            "version": user.version,
            "name": user.name,
            "password_hash": user.password_hash,
            "credentials_version": user.credentials_version,
            "sessions": list(user.sessions),
        }

    def from_document(self, id: str, body: Json) -> User:
        return User(
            id=id,
            name=body["name"],
            email=body["email"],
            password_hash=body["password_hash"],
            role=Role(body["role"]),
            created_at=from_rfc3339(body["created_at"]),
            updated_at=from_rfc3339(body["updated_at"]),
            version=body["version"],
            credentials_version=body["credentials_version"],
            disabled=body["disabled"],
            deleted=body["deleted"],
            sessions=tuple(body["sessions"]),
        )


class EmailClaimCodec:
    def to_document(self, claim: EmailClaim) -> Json:
        return {
            "user_id": claim.user_id,
            "claimed_at": to_rfc3339(claim.claimed_at),
            "confirmed": claim.confirmed,
        }

    def from_document(self, id: str, body: Json) -> EmailClaim:  # noqa: ARG002  (the id is a hash of the address)
        return EmailClaim(body["user_id"], from_rfc3339(body["claimed_at"]), body["confirmed"])


class SessionCodec:
    def to_document(self, session: Session) -> Json:
        return {
            "user_id": session.user_id,
            "role": session.role.value,
            "created_at": to_rfc3339(session.created_at),
            "refreshed_at": to_rfc3339(session.refreshed_at),
            "expires_at": to_rfc3339(session.expires_at),
            "ended_at": to_rfc3339(session.ended_at) if session.ended_at else None,
            "version": session.version,
            "refresh_digest": session.refresh_digest,
            "user_agent": session.user_agent,
        }

    def from_document(self, id: str, body: Json) -> Session:
        return Session(
            id=id,
            user_id=body["user_id"],
            role=Role(body["role"]),
            refresh_digest=body["refresh_digest"],
            created_at=from_rfc3339(body["created_at"]),
            refreshed_at=from_rfc3339(body["refreshed_at"]),
            expires_at=from_rfc3339(body["expires_at"]),
            user_agent=body["user_agent"],
            version=body["version"],
            ended_at=_moment(body["ended_at"]),
        )


class KeyringCodec:
    def to_document(self, ring: Keyring) -> Json:
        return {"keys": [_key_to_json(key) for key in ring.keys]}

    def from_document(self, id: str, body: Json) -> Keyring:  # noqa: ARG002  (there is one)
        return Keyring(tuple(_key_from_json(key) for key in body["keys"]))


def _key_to_json(key: SigningKey) -> Json:
    return {
        "kid": key.kid,
        "sealed": key.sealed,
        "public": dict(key.public),
        "active_from": to_rfc3339(key.active_from),
    }


def _key_from_json(body: Json) -> SigningKey:
    return SigningKey(body["kid"], body["sealed"], body["public"], from_rfc3339(body["active_from"]))


def _moment(text: str | None) -> datetime | None:
    return from_rfc3339(text) if text else None
