"""The register of administrators as one document."""

from __future__ import annotations

from auth_service.accounts.administrators import Administrators
from shared.clock import from_rfc3339, to_rfc3339
from shared.store.ports import Collection, Field, FieldType, Json

ADMINISTRATORS = Collection(
    "administrators",
    1,
    {name: Field(FieldType.OPAQUE) for name in ("ids", "joining", "leaving")},
)


class AdministratorsCodec:
    def to_document(self, register: Administrators) -> Json:
        return {
            "ids": sorted(register.ids),
            "joining": dict(register.joining),
            "leaving": {id: to_rfc3339(since) for id, since in register.leaving.items()},
        }

    def from_document(self, id: str, body: Json) -> Administrators:  # noqa: ARG002  (there is one document)
        leaving = {id: from_rfc3339(since) for id, since in body["leaving"].items()}
        return Administrators(frozenset(body["ids"]), body["joining"], leaving)
