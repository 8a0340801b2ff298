"""Brings every collection of the shop to the schema of this release."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial

from auth_service.accounts.administrator_store import ADMINISTRATORS
from auth_service.accounts.store import EMAIL_CLAIMS, USERS
from auth_service.codes.store import CODE_REQUESTS, MAILED_CODES
from auth_service.keys.store import SIGNING_KEYS
from auth_service.mail.store import NOTICES
from auth_service.security_log.store import SECURITY_LOGS
from auth_service.sessions.store import SESSIONS
from cart_service.carts.store import CARTS
from cart_service.promotions.store import PROMOTION_CLAIMS, PROMOTION_TALLIES, PROMOTIONS
from product_service.products.store import PRODUCTS
from shared.settings import ServiceSettings
from shared.store.factory import create_store_factory
from shared.store.migrations import migrate
from shared.store.ports import Collection, MigrationReport

COLLECTIONS: tuple[Collection, ...] = (
    *(USERS, EMAIL_CLAIMS, ADMINISTRATORS, SESSIONS, SECURITY_LOGS, SIGNING_KEYS),
    *(MAILED_CODES, CODE_REQUESTS, NOTICES),
    PRODUCTS,
    *(CARTS, PROMOTIONS, PROMOTION_CLAIMS, PROMOTION_TALLIES),
)

Progress = Callable[[str, int], None]
"""Gets the name of a collection and the number of its documents that were read so far."""


async def migrate_all(
    settings: ServiceSettings, progress: Progress = lambda _name, _read: None
) -> AsyncIterator[MigrationReport]:
    """Yields a report for each collection when it is done. Raises what `shared.store.migrations.migrate`
    raises."""
    factory = create_store_factory(settings)
    try:
        await factory.ping()
        for collection in COLLECTIONS:
            progress(collection.name, 0)
            yield await migrate(factory, collection, partial(progress, collection.name))
    finally:
        await factory.close()
