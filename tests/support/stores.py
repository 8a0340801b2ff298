"""A collection for tests of the stores, and their counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from shared.ids import new_id
from shared.observability.metrics import REGISTRY
from shared.store.ports import Collection, DocumentStore, Field, FieldType, Json

T = TypeVar("T")

THING_FIELDS = {
    "name": Field(FieldType.KEYWORD),
    "tags": Field(FieldType.KEYWORD),
    "text": Field(FieldType.TEXT),
    "size": Field(FieldType.LONG),
    "made_at": Field(FieldType.DATE),
    "is_new": Field(FieldType.BOOLEAN),
    "anything": Field(FieldType.OPAQUE),
}


def things(schema_version: int = 1, name: str | None = None, **more: Field) -> Collection:
    """A collection with a field of each type, with a name that no other test uses."""
    return Collection(name or f"things_{new_id()}", schema_version, {**THING_FIELDS, **more})


def batches(collection: Collection, operation: str) -> int:
    """Requests that this process has sent to the store for the collection: "write", "read" or "find"."""
    return int(_sample("store_batch_items_count", collection, operation))


def operations(collection: Collection, operation: str) -> int:
    """Operations that those requests carried."""
    return int(_sample("store_batch_items_sum", collection, operation))


async def failures(awaitables: Iterable[Awaitable[T]]) -> tuple[list[T], list[BaseException]]:
    """Runs all at once. Returns the results and the exceptions."""
    outcomes = await asyncio.gather(*awaitables, return_exceptions=True)
    raised = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)], raised


def _sample(name: str, collection: Collection, operation: str) -> float:
    labels = {"collection": collection.name, "operation": operation}
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def nothing() -> None:
    """The hook that does nothing."""


class HookedStore:
    """The store, with something happening right before each replacement and deletion, and
    right after each replacement."""

    def __init__(
        self,
        store: DocumentStore,
        *,
        before: Callable[[], Awaitable[object]] = nothing,
        after: Callable[[], Awaitable[object]] = nothing,
    ) -> None:
        self.before, self.after = before, after
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def replace(self, id: str, body: Json, expected_version: str) -> str:
        await self.before()
        version = await self._store.replace(id, body, expected_version)
        await self.after()
        return version

    async def delete(self, id: str, expected_version: str) -> None:
        await self.before()
        await self._store.delete(id, expected_version)
