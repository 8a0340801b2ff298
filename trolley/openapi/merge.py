"""Merges the OpenAPI documents of the services into one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]


class ContradictingDocuments(ValueError):
    """Two services give one name two meanings. The merged document can only have one of them."""


def merge(info: Json, documents: Iterable[Json]) -> Json:
    """The union of the documents' paths, components and tags, in the order given.

    Equal components and tags become one. An operation id of several services (their health checks) gets the
    service's name as a prefix. Raises `ContradictingDocuments` if a path or the name of a component has
    different meanings.
    """
    parts = list(documents)
    paths = _union("path", (part["paths"] for part in parts))
    tags = _union("tag", ({tag["name"]: tag for tag in part.get("tags", ())} for part in parts))
    return {
        "openapi": parts[0]["openapi"],
        "info": info,
        "servers": [{"url": "/", "description": "The gateway that served this document"}],
        "paths": _with_unique_ids(paths),
        "components": _components([part.get("components", {}) for part in parts]),
        "tags": list(tags.values()),
    }


def _with_unique_ids(paths: Json) -> Json:
    uses = Counter(operation["operationId"] for item in paths.values() for operation in item.values())

    def unique(path: str, operation: Json) -> Json:
        id = operation["operationId"]
        return operation if uses[id] == 1 else {**operation, "operationId": f"{path.split('/')[3]}_{id}"}

    return {
        path: {method: unique(path, operation) for method, operation in item.items()}
        for path, item in paths.items()
    }


def _components(parts: list[Json]) -> Json:
    kinds = sorted({kind for part in parts for kind in part})
    return {kind: _sorted(_union(kind, (part.get(kind, {}) for part in parts))) for kind in kinds}


def _union(kind: str, parts: Iterable[Mapping[str, Any]]) -> Json:
    union: Json = {}
    for part in parts:
        for name, meaning in part.items():
            if union.setdefault(name, meaning) != meaning:
                raise ContradictingDocuments(
                    f"{kind} {name!r} differs between two services: rename one of them"
                )
    return union


def _sorted(mapping: Json) -> Json:
    return dict(sorted(mapping.items()))
