"""The check of a document against its collection's declaration. All adapters use it and refuse the same
documents."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from shared.store.ports import Collection, FieldType, InvalidDocument, Json

ID_FIELD = "id"
"""The adapter keeps it beside the body, because sorting and paging need it as a field."""

_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]*")
_COLLECTION_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LONGEST_ID = 512  # bytes; Elasticsearch takes no more
_SEARCHABLE = {FieldType.KEYWORD, FieldType.LONG, FieldType.DATE, FieldType.BOOLEAN}
_PYTHON_TYPE: dict[FieldType, type] = {
    FieldType.KEYWORD: str,
    FieldType.TEXT: str,
    FieldType.LONG: int,
    FieldType.DATE: str,
    FieldType.BOOLEAN: bool,
}


def check_collection(collection: Collection) -> None:
    """Raises ValueError for names that a field, a file or an index cannot have."""
    if not _COLLECTION_NAME.fullmatch(collection.name):
        raise ValueError(f"not a collection name: {collection.name!r}")
    for name in collection.fields:
        if name == ID_FIELD or not _FIELD_NAME.fullmatch(name):
            raise ValueError(f"collection {collection.name} cannot have a field named {name!r}")


def searchable_fields(collection: Collection) -> frozenset[str]:
    """The fields that conditions and sorting may name."""
    return frozenset(name for name, field in collection.fields.items() if field.type in _SEARCHABLE)


def require_searchable(field: str, fields: frozenset[str]) -> str:
    """The field. Raises ValueError if it is not one of the `searchable_fields`."""
    if field not in fields:
        raise ValueError(f"field {field!r} is not declared, or not of a type that can be searched")
    return field


def is_valid_id(id: str) -> bool:
    """Whether a document can have this id."""
    try:
        return 0 < len(id.encode()) <= _LONGEST_ID
    except UnicodeEncodeError:
        return False


def document_check(collection: Collection) -> Callable[[str, Json], None]:
    """A function that raises `InvalidDocument` for an invalid id or body of the collection."""
    expected = {name: _PYTHON_TYPE.get(field.type) for name, field in collection.fields.items()}

    def check(id: str, body: Json) -> None:
        if not is_valid_id(id):
            raise InvalidDocument(f"not a document id: {id!r}")
        for name, value in body.items():
            if name not in expected:
                raise InvalidDocument(f"collection {collection.name} declares no field {name!r}")
            kind = expected[name]
            if kind is not None and type(value) is not kind and not _fits(value, kind):
                raise InvalidDocument(f"field {name!r} of {collection.name} is not a {kind.__name__}")

    return check


def _fits(value: Any, kind: type) -> bool:
    if isinstance(value, list | tuple):
        return all(_fits(item, kind) for item in value)
    if kind is int and isinstance(value, bool):
        return False
    return value is None or isinstance(value, kind)
