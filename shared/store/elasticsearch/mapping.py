"""From a collection's declaration to a strict mapping."""

from __future__ import annotations

from typing import Any

from shared.store.declaration import ID_FIELD
from shared.store.ports import Collection, Field, FieldType

_OPAQUE = {"type": "object", "enabled": False}


def index_body(collection: Collection, *, replicas: int, aliases: list[str]) -> dict[str, Any]:
    """What creates the index. One shard: sequence numbers, and therefore versions, count per shard."""
    properties = {name: _property(field) for name, field in collection.fields.items()}
    return {
        "settings": {"number_of_shards": 1, "number_of_replicas": replicas},
        "mappings": {"dynamic": "strict", "properties": {ID_FIELD: {"type": "keyword"}, **properties}},
        "aliases": {alias: {} for alias in aliases},
    }


def _property(field: Field) -> dict[str, Any]:
    if field.type is FieldType.OPAQUE:
        return _OPAQUE
    return {"type": field.type.value, **field.parameters}
