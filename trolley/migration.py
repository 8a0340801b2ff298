"""Brings every collection of the shop to the schema of this release."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial

from shared.settings import ServiceSettings
from shared.store.factory import create_store_factory
from shared.store.migration_report import MigrationReport
from shared.store.migrations import migrate
from trolley.collections import COLLECTIONS

Progress = Callable[[str, int], None]
"""Told the name of a collection and how many of its documents were read."""


async def migrate_all(
    settings: ServiceSettings, progress: Progress = lambda _name, _read: None
) -> AsyncIterator[MigrationReport]:
    """A report for each collection, as soon as it is done. Raises what `shared.store.migrations.migrate`
    raises."""
    factory = create_store_factory(settings)
    try:
        await factory.ping()
        for collection in COLLECTIONS:
            progress(collection.name, 0)
            yield await migrate(factory, collection, partial(progress, collection.name))
    finally:
        await factory.close()
