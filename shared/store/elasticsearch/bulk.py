"""Group commit: one `_bulk` request for many writes, one `_mget` request for many reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from shared.store.declaration import ID_FIELD
from shared.store.elasticsearch.errors import refused, write_error
from shared.store.ports import Document, Json, VersionConflict

BULK_ANSWER = "items.*._seq_no,items.*._primary_term,items.*.status,items.*.error.type,items.*.error.reason"
MGET_ANSWER = "docs._id,docs.found,docs._seq_no,docs._primary_term,docs._source,docs.error"


@dataclass(frozen=True, slots=True)
class BulkWrite:
    """One item, with its lines in the request, newlines included."""

    id: str
    action: str
    lines: bytes

    def outcome(self, item: Mapping[str, Any]) -> str | Exception:
        """The new version, or the exception."""
        if item["status"] < 300:
            return version_of(item)
        return write_error(item, self.id, is_create=self.action == "create")


def create(id: str, body: Json) -> BulkWrite:
    return BulkWrite(id, "create", _lines({"create": {"_id": id}}, _source(id, body)))


def replace(id: str, body: Json, expected_version: str) -> BulkWrite:
    """Raises `VersionConflict` if the text is not a version."""
    return BulkWrite(
        id, "index", _lines({"index": {"_id": id, **_condition(expected_version)}}, _source(id, body))
    )


def delete(id: str, expected_version: str) -> BulkWrite:
    """Raises `VersionConflict` if the text is not a version."""
    return BulkWrite(id, "delete", _lines({"delete": {"_id": id, **_condition(expected_version)}}))


def overwrite(document: Document) -> BulkWrite:
    """Writes without a condition. Use it only for an index with no other writer."""
    header = {"index": {"_id": document.id}}
    return BulkWrite(document.id, "index", _lines(header, _source(document.id, document.body)))


def remove(id: str) -> BulkWrite:
    """Deletes without a condition. Use it only for an index with no other writer."""
    return BulkWrite(id, "delete", _lines({"delete": {"_id": id}}))


def bytes_of(write: BulkWrite) -> int:
    """The bytes of the item in the request."""
    return len(write.lines)


def bulk_body(writes: Iterable[BulkWrite]) -> bytes:
    return b"".join(write.lines for write in writes)


def bulk_outcomes(writes: Sequence[BulkWrite], answer: Mapping[str, Any]) -> list[str | Exception]:
    """An outcome for each write, in their order."""
    items = answer["items"]
    return [write.outcome(item[write.action]) for write, item in zip(writes, items, strict=True)]


def read_outcome(item: Mapping[str, Any]) -> Document | Exception | None:
    """The outcome of one document in the answer of `_mget`."""
    if "error" in item:
        return refused(404, item["error"])
    return document_of(item) if item.get("found") else None


def document_of(hit: Mapping[str, Any]) -> Document:
    """The document of a search hit or of a found `_mget` item."""
    body = hit["_source"]
    body.pop(ID_FIELD, None)
    return Document(hit["_id"], version_of(hit), body)


def version_of(item: Mapping[str, Any]) -> str:
    return f"{item['_seq_no']}/{item['_primary_term']}"


def _source(id: str, body: Json) -> Json:
    return {ID_FIELD: id, **body}


def _lines(*parts: Json) -> bytes:
    return b"".join(orjson.dumps(part, option=orjson.OPT_APPEND_NEWLINE) for part in parts)


def _condition(version: str) -> Json:
    sequence, _, term = version.partition("/")
    if not (sequence.isdecimal() and term.isdecimal()):
        raise VersionConflict(f"not a version: {version!r}")
    return {"if_seq_no": int(sequence), "if_primary_term": int(term)}
