"""Opens SQLite collections in one directory."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from shared.settings import ServiceSettings
from shared.store.declaration import check_collection
from shared.store.ports import Collection, StoreUnavailable
from shared.store.queues import QueueLimits
from shared.store.sqlite.store import SqliteDocumentStore


class SqliteStoreFactory:
    """A `StoreFactory`: `<directory>/<collection>.sqlite3`."""

    def __init__(self, directory: Path, limits: QueueLimits) -> None:
        self._directory = directory
        self._limits = limits
        self._stores: list[SqliteDocumentStore] = []

    @classmethod
    def of(cls, settings: ServiceSettings) -> SqliteStoreFactory:
        return cls(settings.sqlite_directory, QueueLimits.of(settings))

    def path(self, collection: Collection) -> Path:
        """The collection's file."""
        return self._directory / f"{collection.name}.sqlite3"

    async def open(self, collection: Collection) -> SqliteDocumentStore:
        check_collection(collection)
        await self.ping()
        await asyncio.to_thread(_make_private, self.path(collection))
        store = SqliteDocumentStore(self.path(collection), collection, self._limits)
        try:
            await store.open()
        except BaseException:
            await store.close()
            raise
        self._stores.append(store)
        return store

    async def ping(self) -> None:
        await asyncio.to_thread(_require_writable, self._directory)
        await asyncio.gather(*(store.ping() for store in self._stores))

    async def close(self) -> None:
        stores, self._stores = self._stores, []
        await asyncio.gather(*(store.close() for store in stores))


def _require_writable(directory: Path) -> None:
    """Raises `StoreUnavailable` unless files can be made in the folder. SQLite needs that also to read."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(f"SQLITE_DIRECTORY {directory} cannot be made: {error.strerror}.") from error
    if not os.access(directory, os.W_OK | os.X_OK):
        raise StoreUnavailable(f"SQLITE_DIRECTORY {directory} is not writable for this user.")


def _make_private(path: Path) -> None:
    """Lets only the owner read the folder and the collection's files. SQLite gives its `-wal` and `-shm`
    the mode of the file itself, so that exists before SQLite opens it.

    An existing file must not be opened here: closing it again would drop the locks that SQLite holds in this
    process (POSIX), and then another process would remove the `-wal` that this one still uses.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    for each in (path.parent, path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with suppress(OSError):  # it is another user's, or does not exist
            if each.stat().st_mode & 0o077:
                each.chmod(0o700 if each == path.parent else 0o600)
