"""Errors of Elasticsearch as the port's errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from elasticsearch import ApiError, SerializationError, TransportError

from shared.store.ports import (
    AlreadyExists,
    InvalidDocument,
    SchemaMismatch,
    StoreUnavailable,
    VersionConflict,
)

_GONE = {"index_not_found_exception", "cluster_block_exception"}
_DISK_IS_FULL = 429  # also a block: past the flood-stage watermark every index is read-only


@contextmanager
def store_errors(address: str) -> Iterator[None]:
    """Turns every failure of a request into `StoreUnavailable`. `address` holds no credentials."""
    try:
        yield
    except ApiError as error:
        details = error.body.get("error") if isinstance(error.body, dict) else None
        raise refused(error.meta.status, details or error.message) from error
    except (TransportError, SerializationError) as error:
        message = f"Elasticsearch at {address} (ELASTICSEARCH_URL) does not answer: {error.message}"
        raise StoreUnavailable(message) from error


def write_error(item: Mapping[str, Any], id: str, *, is_create: bool) -> Exception:
    """The exception of one failed item of a bulk request."""
    status, details = item["status"], item.get("error", {})
    match status:
        case 409:
            return AlreadyExists(id) if is_create else VersionConflict(id)
        case 400 | 413:
            return InvalidDocument(f"{id}: {details.get('reason')}")
        case _:
            return refused(status, details)


def refused(status: int, details: Any) -> StoreUnavailable:
    """The error for a request or an item that Elasticsearch answered with `status`."""
    kind, reason = (
        (details.get("type"), details.get("reason")) if isinstance(details, Mapping) else (None, details)
    )
    if kind in _GONE and status != _DISK_IS_FULL:
        return SchemaMismatch(
            f"Elasticsearch: {reason}. If `python -m trolley migrate` runs or ran, start the release that it "
            "belongs to."
        )
    return StoreUnavailable(f"Elasticsearch (ELASTICSEARCH_URL) answers {status}: {reason}")
