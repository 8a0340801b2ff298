"""Brings every collection of the shop to the schema of this release, and every address to its form."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial

from auth_service.accounts.address_migration import AddressFinding, AddressMigration
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
from shared.clock import SystemClock
from shared.settings import ServiceSettings
from shared.store.factory import create_store_factory
from shared.store.migrations import migrate
from shared.store.ports import Collection, MigrationReport
from trolley.errors import CommandFailed

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


async def migrate_addresses(
    settings: ServiceSettings, wanted: Mapping[str, str] | None = None
) -> AsyncIterator[AddressFinding]:
    """Gives accounts the `wanted` addresses, by the id of the account, then brings every address to the form
    of this release. Yields what was not in that form. Run it after `migrate_all`. Raises `CommandFailed` for
    a wanted address that cannot be given, and `StoreUnavailable`."""
    factory = create_store_factory(settings)
    try:
        migration = AddressMigration(
            await factory.open(USERS), await factory.open(EMAIL_CLAIMS), SystemClock().now
        )
        for user_id, address in (wanted or {}).items():
            await _give(migration, user_id, address)
        async for finding in migration.run():
            yield finding
    finally:
        await factory.close()


async def _give(migration: AddressMigration, user_id: str, address: str) -> None:
    if await migration.find(user_id) is None:
        raise CommandFailed(f"No account has the id {user_id}.")
    keeper = await migration.move(user_id, address, is_other=True)
    if keeper is not None:
        raise CommandFailed(f"{address} is the address of the account {keeper}. Choose another one.")
