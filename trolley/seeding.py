"""Filling the catalogue through the public import route, as any client could."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import httpx

from trolley.client import require_success, shop_client

IMPORT = "/api/v1/products/import"
LINES_AT_A_TIME = 2_000
"""Lines in one request: few enough that each is answered long before a gateway's patience ends, and that what
is reported as done is done."""

_NOT_NOW = (429, 502, 503, 504)

TokenSource = Callable[[], Awaitable[str]]
"""Asked for an access token before each request, since an import may outlast one."""

Advanced = Callable[[int], None]
"""Told how many more lines the shop has taken."""


async def import_products(
    base_url: str,
    token: str | TokenSource,
    lines: Iterable[bytes],
    advanced: Advanced = lambda _lines: None,
    *,
    pauses: Sequence[float] = (0.5, 1, 2, 4),
) -> dict[str, Any]:
    """Sends NDJSON lines to the shop, some thousand at a time, and gives one report of them all.

    Sending lines again is harmless, so what a replica that dies breaks off is sent again after each of the
    pauses. Raises `CommandFailed`; what was sent before is in the shop then.
    """
    rest = iter(lines)
    report: dict[str, Any] = {"errors": []}
    sent = 0
    async with shop_client(base_url, timeout_seconds=300) as client:
        while some := list(islice(rest, LINES_AT_A_TIME)):
            _add(report, await _send_until_taken(client, token, some, pauses), lines_before=sent)
            sent += len(some)
            advanced(len(some))
    return report


async def catalogue_is_empty(base_url: str) -> bool:
    """Whether the shop has no active product. Raises `CommandFailed`."""
    async with shop_client(base_url) as client:
        page: dict[str, Any] = require_success(await client.get("/api/v1/products", params={"limit": 1}))
        return not page["items"]


async def _send_until_taken(
    client: httpx.AsyncClient, token: str | TokenSource, lines: Sequence[bytes], pauses: Sequence[float]
) -> dict[str, Any]:
    for pause in pauses:
        try:
            response = await _send(client, token, lines)
        except httpx.TransportError:
            response = None
        if response is not None and response.status_code not in _NOT_NOW:
            break
        await asyncio.sleep(pause)
    else:
        response = await _send(client, token, lines)
    report: dict[str, Any] = require_success(response)
    return report


async def _send(
    client: httpx.AsyncClient, token: str | TokenSource, lines: Sequence[bytes]
) -> httpx.Response:
    headers = {
        "Authorization": f"Bearer {token if isinstance(token, str) else await token()}",
        "Content-Type": "application/x-ndjson",
        "Prefer": "wait=search",  # what is reported as loaded can be found
    }
    content = b"".join(line.rstrip(b"\n") + b"\n" for line in lines)
    return await client.post(IMPORT, headers=headers, content=content)


def _add(report: dict[str, Any], part: dict[str, Any], *, lines_before: int) -> None:
    """Counts add up; an error names its line in the whole."""
    for name, value in part.items():
        if isinstance(value, int):
            report[name] = report.get(name, 0) + value
    report["errors"] += [{**error, "line": error["line"] + lines_before} for error in part["errors"]]
