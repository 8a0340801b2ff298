"""Announced versions of carts against the carts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from cart_service.bootstrap import OperatorTools
from cart_service.carts.version_announcements import announced_version
from shared.events.ports import Entry
from trolley.verify.findings import Finding


class Announcements:
    """No version was announced (bucket `cart_versions`) that the store does not have: that would be a write
    that was lost, or a store put back to an earlier state. Replicas would build each summary again until the
    entry expires; it is deleted. The entry of a deleted cart is not a disagreement."""

    name = "announced versions"

    def __init__(self, carts: OperatorTools) -> None:
        self._carts = carts

    async def keys(self) -> AsyncIterator[str]:
        async for entry in self._carts.announcements.scan():
            yield entry.key

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        entries = await asyncio.gather(*map(self._carts.announcements.get, keys))
        documents = await self._carts.carts.store.get_many(keys)
        pairs = [(entry, it) for entry, it in zip(entries, documents, strict=True) if entry and it]
        found = [(entry.key, _disagreement(entry, it.body["version"])) for entry, it in pairs]
        return [Finding(self.name, owner, detail) for owner, detail in found if detail]

    async def fix(self, finding: Finding) -> None:
        if await self.look([finding.what]):
            await self._carts.announcements.delete(finding.what)


def _disagreement(entry: Entry, stored: int) -> str | None:
    try:
        announced = announced_version(entry)
    except (ValueError, KeyError, TypeError):
        return f"the entry (revision {entry.revision}) cannot be read"
    return f"version {announced} is announced, the cart is at {stored}" if announced > stored else None
