"""Files that several stores and processes have open at once."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from shared.settings import ServiceSettings
from shared.store.sqlite.factory import SqliteStoreFactory
from tests.support.stores import things

LOOK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM documents").fetchone()
connection.close()
"""


async def test_a_collection_that_is_opened_twice_outlives_another_process(tmp_path: Path) -> None:
    """The process that closes a database last removes its write-ahead log. Locks say who is the last."""
    factory, collection = SqliteStoreFactory.of(ServiceSettings(sqlite_directory=tmp_path)), things()
    path = factory.path(collection)
    first = await factory.open(collection)
    await first.create("one", {"name": "written before"})
    second = await factory.open(collection)
    try:
        other = await asyncio.create_subprocess_exec(sys.executable, "-c", LOOK, str(path))
        assert await other.wait() == 0
        assert path.with_name(f"{path.name}-wal").exists()
        await second.create("two", {"name": "written after"})
        assert [await store.get("two") is not None for store in (first, second)] == [True, True]
    finally:
        await factory.close()


async def test_only_the_owner_reads_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    factory = SqliteStoreFactory.of(ServiceSettings(sqlite_directory=folder))
    store = await factory.open(things())
    await store.create("one", {"name": "private"})
    try:
        assert [path for path in (folder, *folder.iterdir()) if path.stat().st_mode & 0o077] == []
    finally:
        await factory.close()
