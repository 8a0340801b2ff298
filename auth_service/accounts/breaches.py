"""Passwords that are known from data breaches, asked of a service by ranges (k-anonymity).

The protocol is that of Have I Been Pwned: five hexadecimal digits of the password's SHA-1 go out, and all the
hashes that begin with them come back. The service learns neither the password nor its hash.
"""

from __future__ import annotations

import hashlib

import httpx
from prometheus_client import Counter

from shared.observability.logging import get_logger
from shared.observability.metrics import REGISTRY

_log = get_logger(__name__)
_PREFIX = 5
_ANSWER_MAX = 1_000_000
"""Bytes of an answer. A range has about 40 kB."""
BREACH_LOOKUPS_FAILED = Counter(
    "auth_breach_lookups_failed_total",
    "New passwords that were accepted unchecked, as the service of breached passwords did not answer.",
    registry=REGISTRY,
)


class NoBreaches:
    """No service is asked, and no password is known from a breach."""

    async def contains(self, password: str) -> bool:  # noqa: ARG002  (nothing to ask)
        return False

    async def close(self) -> None: ...


class BreachRanges:
    """Asks `<url>/range/<prefix>`. A password counts as unknown if no answer comes in time."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        self._url = url.rstrip("/")
        # Padding hides from the network how long the answer is, and so which range it was.
        self._http = httpx.AsyncClient(timeout=timeout_seconds, headers={"Add-Padding": "true"})

    async def contains(self, password: str) -> bool:
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        try:
            listed = await self._range(digest[:_PREFIX])
        except (httpx.HTTPError, ValueError) as error:
            BREACH_LOOKUPS_FAILED.inc()
            _log.warning("a new password was not looked up among breached ones", error=type(error).__name__)
            return False
        return listed.get(digest[_PREFIX:], 0) > 0

    async def close(self) -> None:
        await self._http.aclose()

    async def _range(self, prefix: str) -> dict[str, int]:
        """How often each hash was seen, by the rest of the hash. Raises `httpx.HTTPError`, ValueError."""
        async with self._http.stream("GET", f"{self._url}/range/{prefix}") as answer:
            answer.raise_for_status()
            body = bytearray()
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > _ANSWER_MAX:
                    raise ValueError("the answer is too long")
        pairs = (line.split(":") for line in body.decode("ascii").split())
        return {suffix.upper(): int(count) for suffix, count in pairs}
