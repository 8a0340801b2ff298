"""The document store as the services see it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from shared.errors import Unavailable

Json = dict[str, Any]


class FieldType(StrEnum):
    """The index of a top-level field. A list field is declared by its items' type."""

    KEYWORD = "keyword"
    TEXT = "text"
    LONG = "long"
    DATE = "date"  # RFC 3339 text, as `shared.clock.to_rfc3339` writes it
    BOOLEAN = "boolean"
    OPAQUE = "opaque"  # any JSON value, stored and never searched


@dataclass(frozen=True, slots=True)
class Field:
    """A declared field. `parameters` are more mapping parameters for Elasticsearch, such as
    `index_prefixes`."""

    type: FieldType
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Collection:
    """A named set of documents and the strict declaration of their fields.

    A document with an undeclared top-level field is refused. Raise `schema_version` with every change of
    `fields`: `trolley migrate` then builds the next index and swaps the alias.
    """

    name: str
    schema_version: int
    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Document:
    """A stored document. `version` is an opaque token that changes with every write of it."""

    id: str
    version: str
    body: Json


@dataclass(frozen=True, slots=True)
class Equals:
    field: str
    value: str | int | bool


@dataclass(frozen=True, slots=True)
class OneOf:
    field: str
    values: Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Between:
    """`at_least <= field < below`; either end may be open. A document without the field does not match."""

    field: str
    at_least: str | int | None = None
    below: str | int | None = None


Condition = Equals | OneOf | Between


Position = Sequence[str | int | float | None]
"""The end of a page: the values that its last document is sorted by, and its id."""


@dataclass(frozen=True, slots=True)
class Query:
    """Documents for which all conditions hold, sorted by `sort` (a leading `-` descends), then by id. A page
    has at most `limit` documents. `after` is the last page's `next_after`."""

    conditions: Sequence[Condition] = ()
    sort: Sequence[str] = ()
    limit: int = 100
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """A page of documents. `next_after` is None on the last page. `total` is a lower bound unless exact."""

    documents: Sequence[Document]
    total: int
    total_is_exact: bool
    next_after: Position | None


MigrationProgress = Callable[[int], None]
"""Gets the number of documents that were read so far."""


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """`from_version` is None if there was no collection. `kept_index` is the former index, write-protected;
    an operator may delete it."""

    collection: str
    from_version: int | None
    to_version: int
    documents: int
    kept_index: str | None = None

    @property
    def was_needed(self) -> bool:
        return self.from_version != self.to_version


class VersionConflict(Exception):
    """The document has another version than the expected one."""


class AlreadyExists(Exception):
    """A document with this id exists."""


class InvalidDocument(Exception):
    """The body does not fit the collection's declaration. This is a bug of the caller. Nothing was
    written."""


class StoreUnavailable(Unavailable):
    """The store did not answer. A write that raises this may or may not have happened."""

    code = "store-unavailable"
    public_detail = "The shop cannot reach its store. Try again shortly; a write may have happened."


class SchemaMismatch(StoreUnavailable):
    """The stored collection has another `schema_version` than this release. Nothing was written."""

    code = "store-schema-mismatch"
    public_detail = "The shop is changing to another release. Nothing was written. Try again shortly."


class StoreOverloaded(Unavailable):
    """The bounded queue before the store is full. Nothing was written."""

    code = "store-overloaded"


class DocumentStore(Protocol):
    """One collection of JSON documents with compare-and-swap on opaque versions.

    `get`, `get_many` and all writes are real-time: they see every acknowledged write. `find` and `scan` see a
    write only after a refresh (within about a second, or after `refresh`), in every adapter's contract.
    All operations raise `StoreUnavailable` or `StoreOverloaded`; `create` and `replace` also raise
    `InvalidDocument`.
    """

    @property
    def collection(self) -> Collection: ...

    async def get(self, id: str) -> Document | None:
        """The document, or None."""
        ...

    async def get_many(self, ids: Sequence[str]) -> list[Document | None]:
        """The documents in the order of `ids`, None where there is none."""
        ...

    async def create(self, id: str, body: Json) -> str:
        """Writes a new document and returns its version. Raises `AlreadyExists`."""
        ...

    async def replace(self, id: str, body: Json, expected_version: str) -> str:
        """Replaces that version and returns the new one. Raises `VersionConflict`, also if there is none."""
        ...

    async def delete(self, id: str, expected_version: str) -> None:
        """Removes that version. Raises `VersionConflict`, also if there is none."""
        ...

    async def find(self, query: Query) -> DocumentPage:
        """A page of the matching documents."""
        ...

    def scan(self, conditions: Sequence[Condition] = (), *, batch: int = 500) -> AsyncIterator[Document]:
        """All matching documents, in the order of ids, read page by page."""
        ...

    async def refresh(self) -> None:
        """Makes every write acknowledged before this call visible to `find`; concurrent calls share one."""
        ...
