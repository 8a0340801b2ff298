"""Mailed codes and the requests for them as documents. None has an address, except codes for a change of
address until they are used or removed."""

from __future__ import annotations

from datetime import datetime

from auth_service.codes.model import CodePurpose, CodeRequest, IssuedCode, MailedCodes
from shared.aggregates.outbox import Outbox
from shared.aggregates.outbox_fields import OUTBOX_FIELDS
from shared.aggregates.removal import remove_expired
from shared.aggregates.repository import AggregateRepository
from shared.clock import from_rfc3339, to_rfc3339
from shared.store.ports import Collection, DocumentStore, Equals, Field, FieldType, Json

_DATE = Field(FieldType.DATE)
_OPAQUE = Field(FieldType.OPAQUE)

MAILED_CODES = Collection(
    "mailed_codes",
    1,
    {
        "expires_at": _DATE,
        "purpose": Field(FieldType.KEYWORD),
        "version": Field(FieldType.LONG),
        "to": _OPAQUE,
        "codes": _OPAQUE,
        **OUTBOX_FIELDS,
    },
)
CODE_REQUESTS = Collection(
    "code_requests",
    1,
    {"expires_at": _DATE, "tries": Field(FieldType.LONG), "codes_id": _OPAQUE, "nonce": _OPAQUE},
)


class MailedCodesCodec:
    def to_document(self, mailed: MailedCodes) -> Json:
        return {
            "expires_at": to_rfc3339(mailed.expires_at),
            "purpose": mailed.purpose.value,
            "version": mailed.version,
            "to": mailed.to,
            "codes": [_code_to_json(code) for code in mailed.codes],
        }

    def from_document(self, id: str, body: Json) -> MailedCodes:
        codes = tuple(_code_from_json(code) for code in body["codes"])
        return MailedCodes(id, CodePurpose(body["purpose"]), body["to"], codes, body["version"])


def _code_to_json(code: IssuedCode) -> Json:
    return {
        "nonce": code.nonce,
        "user_id": code.user_id,
        "credentials_version": code.credentials_version,
        "issued_at": to_rfc3339(code.issued_at),
        "expires_at": to_rfc3339(code.expires_at),
        "used": code.used,
    }


def _code_from_json(body: Json) -> IssuedCode:
    return IssuedCode(
        body["nonce"],
        body["user_id"],
        body["credentials_version"],
        from_rfc3339(body["issued_at"]),
        from_rfc3339(body["expires_at"]),
        body["used"],
    )


class CodeRequestCodec:
    def to_document(self, request: CodeRequest) -> Json:
        return {
            "expires_at": to_rfc3339(request.expires_at),
            "tries": request.tries,
            "codes_id": request.codes_id,
            "nonce": request.nonce,
        }

    def from_document(self, id: str, body: Json) -> CodeRequest:
        return CodeRequest(
            id, body["codes_id"], body["nonce"], from_rfc3339(body["expires_at"]), body["tries"]
        )


class StoredMailedCodes(AggregateRepository[MailedCodes]):
    def __init__(self, store: DocumentStore, outbox: Outbox) -> None:
        super().__init__(store, MailedCodesCodec(), outbox)

    async def remove_expired(self, before: datetime, batch: int) -> int:
        return await remove_expired(self._store, before, batch)


async def forget_new_addresses(codes: DocumentStore, user_id: str) -> None:
    """Removes the codes for a change of address that a deleted account did not use, with the addresses.
    Raises `VersionConflict` if one is used at the moment."""
    await codes.refresh()
    async for document in codes.scan([Equals("purpose", CodePurpose.CHANGE_EMAIL.value)]):
        if any(code["user_id"] == user_id for code in document.body["codes"]):
            await codes.delete(document.id, document.version)


class StoredCodeRequests(AggregateRepository[CodeRequest]):
    def __init__(self, store: DocumentStore) -> None:
        super().__init__(store, CodeRequestCodec())

    async def remove_expired(self, before: datetime, batch: int) -> int:
        return await remove_expired(self._store, before, batch)
