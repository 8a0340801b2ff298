"""Filling the catalogue through the public import route, as any client could."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from trolley.client import require_success, shop_client

IMPORT = "/api/v1/products/import"
_CHUNK_BYTES = 64 * 1024

Advanced = Callable[[int], None]
"""Told how many more lines were sent."""


async def import_products(
    base_url: str, token: str, lines: Iterable[bytes], advanced: Advanced = lambda _lines: None
) -> dict[str, Any]:
    """Streams NDJSON lines to the shop; gives the import's report. Raises `CommandFailed`."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    async with shop_client(base_url, timeout_seconds=300) as client:
        response = await client.post(IMPORT, headers=headers, content=_chunks(lines, advanced))
        report: dict[str, Any] = require_success(response)
        return report


async def catalogue_is_empty(base_url: str) -> bool:
    """Whether the shop has no active product. Raises `CommandFailed`."""
    async with shop_client(base_url) as client:
        page: dict[str, Any] = require_success(await client.get("/api/v1/products", params={"limit": 1}))
        return not page["items"]


async def _chunks(lines: Iterable[bytes], advanced: Advanced) -> AsyncIterator[bytes]:
    """The lines in pieces that fill a few packets, not a write for each line."""
    chunk, count = bytearray(), 0
    for line in lines:
        chunk += line.rstrip(b"\n") + b"\n"
        count += 1
        if len(chunk) >= _CHUNK_BYTES:
            yield bytes(chunk)
            advanced(count)
            chunk, count = bytearray(), 0
    if chunk:
        yield bytes(chunk)
        advanced(count)
