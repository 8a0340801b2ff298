"""Fills the catalogue through the public import route, as any client could."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import httpx

from trolley.client import require_success, shop_client

IMPORT = "/api/v1/products/import"
LINES_AT_A_TIME = 2_000
"""Lines in one request. Each request is answered long before the gateway's time limit."""

_NOT_NOW = (429, 502, 503, 504)

TokenSource = Callable[[], Awaitable[str]]
"""Gives an access token before each request, because an import may outlast a token."""

Advanced = Callable[[int], None]
"""Gets the number of lines that the shop has just taken."""


async def import_products(
    base_url: str,
    token: str | TokenSource,
    lines: Iterable[bytes],
    advanced: Advanced = lambda _lines: None,
    *,
    pauses: Sequence[float] = (0.5, 1, 2, 4),
) -> dict[str, Any]:
    """Sends NDJSON lines to the shop, some thousand at a time, and returns one report.

    A repeated line is harmless. So if a replica dies, its lines are sent again after each of the pauses.
    Raises `CommandFailed`. The lines of earlier requests are in the shop then.
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
        "Prefer": "wait=search",  # reported products can be found at once
    }
    content = b"".join(line.rstrip(b"\n") + b"\n" for line in lines)
    return await client.post(IMPORT, headers=headers, content=content)


def _add(report: dict[str, Any], part: dict[str, Any], *, lines_before: int) -> None:
    """Adds the counts, and the errors with their line in the whole import."""
    for name, value in part.items():
        if isinstance(value, int):
            report[name] = report.get(name, 0) + value
    report["errors"] += [{**error, "line": error["line"] + lines_before} for error in part["errors"]]
