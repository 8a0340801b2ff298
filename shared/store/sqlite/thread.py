"""A SQLite connection and the only thread that uses it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from shared.store.ports import StoreUnavailable

T = TypeVar("T")

_BUSY_SECONDS = 5.0
"""Time that a writer waits for another process's transaction."""


class SqliteThread:
    """Runs pieces of work in order, off the event loop, on a connection that the first one opens."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"sqlite-{path.stem}")
        self._connection: sqlite3.Connection | None = None

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The result of `work`. A transaction that it leaves open by raising is rolled back.

        Raises `StoreUnavailable` for what SQLite itself reports: a full disk, a lock held too long, no
        access.
        """
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._call, work)

    async def close(self) -> None:
        """Returns once running work is done and the file is closed."""
        await asyncio.get_running_loop().run_in_executor(self._executor, self._disconnect)
        self._executor.shutdown(wait=False)

    def _call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = connect(self._path)
            return work(self._connection)
        except sqlite3.DatabaseError as error:
            raise StoreUnavailable(f"SQLite at {self._path} (SQLITE_DIRECTORY): {error}") from error
        finally:
            if self._connection is not None and self._connection.in_transaction:
                self._connection.rollback()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def connect(path: Path) -> sqlite3.Connection:
    """A connection on which an acknowledged commit survives a power cut, and which starts no transaction
    itself."""
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = FULL")
    return connection
