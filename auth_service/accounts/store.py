"""The accounts and the claims to e-mail addresses in a document store, with their events."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime

from auth_service.accounts.emails import email_or_none
from auth_service.accounts.model import EmailClaim, User
from auth_service.accounts.ports import UserFilter
from shared.aggregates.outbox import Outbox
from shared.aggregates.outbox_fields import OUTBOX_FIELDS
from shared.aggregates.ports import ListPage
from shared.aggregates.repository import AggregateRepository
from shared.clock import from_rfc3339, to_rfc3339
from shared.security.identity import Role
from shared.store.ports import (
    Between,
    Collection,
    Condition,
    DocumentStore,
    Equals,
    Field,
    FieldType,
    Json,
    Position,
    Query,
)

_DATE = Field(FieldType.DATE)
_KEYWORD = Field(FieldType.KEYWORD)
_OPAQUE = Field(FieldType.OPAQUE)
_LAST_CHARACTER = "\U0010ffff"

USERS = Collection(
    "users",
    2,
    {
        "email": _KEYWORD,
        "email_verified": Field(FieldType.BOOLEAN),
        "role": _KEYWORD,
        "disabled": Field(FieldType.BOOLEAN),
        "deleted": Field(FieldType.BOOLEAN),
        "created_at": _DATE,
        "updated_at": _DATE,
        "version": Field(FieldType.LONG),
        "name": _OPAQUE,
        "password_hash": _OPAQUE,
        "credentials_version": _OPAQUE,
        "access_version": _OPAQUE,
        "devices_from": _OPAQUE,
        "sessions": _OPAQUE,
        **OUTBOX_FIELDS,
    },
)

EMAIL_CLAIMS = Collection(
    "email_claims", 1, {"user_id": _KEYWORD, "claimed_at": _DATE, "confirmed": Field(FieldType.BOOLEAN)}
)


class UserCodec:
    def to_document(self, user: User) -> Json:
        return {
            "email": user.email,
            "email_verified": user.email_verified,
            "role": user.role.value,
            "disabled": user.disabled,
            "deleted": user.deleted,
            "created_at": to_rfc3339(user.created_at),
            "updated_at": to_rfc3339(user.updated_at),
            "version": user.version,
            "name": user.name,
            "password_hash": user.password_hash,
            "credentials_version": user.credentials_version,
            "access_version": user.access_version,
            "devices_from": user.devices_from,
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
            # A document of schema version 1 lacks the following fields.
            email_verified=body.get("email_verified", False),
            access_version=body.get("access_version", 1),
            devices_from=body.get("devices_from", 0),
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


class StoredUsers(AggregateRepository[User]):
    def __init__(self, store: DocumentStore, outbox: Outbox) -> None:
        super().__init__(store, UserCodec(), outbox)

    async def page(self, wanted: UserFilter, limit: int, after: Position | None) -> ListPage[User]:
        return await self.find(Query(_conditions(wanted), ["created_at"], limit, after))

    async def administrators(self) -> AsyncIterator[User]:
        await self.refresh()
        found = [Equals("role", Role.ADMIN.value), Equals("disabled", False), Equals("deleted", False)]
        async for user in self.scan(found):
            yield user


def _conditions(wanted: UserFilter) -> list[Condition]:
    conditions: list[Condition] = [Equals("deleted", False)]
    if wanted.email is not None:
        conditions.append(Equals("email", email_or_none(wanted.email) or wanted.email))
    if wanted.email_prefix is not None:
        prefix = unicodedata.normalize("NFC", wanted.email_prefix.strip()).lower()
        conditions.append(Between("email", at_least=prefix, below=prefix + _LAST_CHARACTER))
    if wanted.role is not None:
        conditions.append(Equals("role", wanted.role.value))
    return conditions


class StoredEmailClaims(AggregateRepository[EmailClaim]):
    def __init__(self, store: DocumentStore) -> None:
        super().__init__(store, EmailClaimCodec())

    async def release(self, id: str, user_id: str, claimed_at: datetime | None = None) -> None:
        def check(claim: EmailClaim) -> None:
            if claim.user_id != user_id or claimed_at not in (None, claim.claimed_at):
                raise _ClaimedByAnother

        with suppress(_ClaimedByAnother):
            await self.remove(id, check)


class _ClaimedByAnother(Exception):
    """The address has another claim by now."""
