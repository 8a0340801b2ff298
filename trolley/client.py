"""The shop through its gateway, as its clients see it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from trolley.errors import CommandFailed, describe_errors
from trolley.invocation import make


@asynccontextmanager
async def shop_client(base_url: str, timeout_seconds: float | None = 30) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway. Raises `CommandFailed` if the shop does not answer."""
    try:
        async with httpx.AsyncClient(base_url=base_url, timeout=timeout_seconds) as client:
            yield client
    except httpx.TransportError as error:
        raise CommandFailed(
            f"The shop at {base_url} does not answer ({type(error).__name__}). Start it with "
            f"`{make('run')}` or `docker compose up`, choose a running shop with --shop, or give its address "
            "with --url or TROLLEY_URL."
        ) from error


def require_success(response: httpx.Response) -> Any:
    """The decoded answer. Raises `CommandFailed` with the text of the problem document."""
    if response.is_success:
        return response.json() if response.content else None
    raise CommandFailed(describe_problem(response))


def describe_problem(response: httpx.Response) -> str:
    """A problem document (RFC 9457) as text. The body of `response` has been read."""
    if "json" not in response.headers.get("content-type", ""):
        return f"{response.status_code} {response.reason_phrase}: {response.text[:300]}"
    problem: Mapping[str, Any] = response.json()
    errors = [(error["pointer"], error["message"]) for error in problem.get("errors", ())]
    text = describe_errors(problem.get("detail", ""), errors)
    return f"{response.status_code} {problem.get('title', '')}: {text}"
