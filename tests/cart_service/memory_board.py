"""The announcements of carts' versions, kept in memory as the bucket keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field

from cart_service.service.versions import KnownVersions


@dataclass
class Announcements:
    """What all replicas share. Who joins later is told of everything, too."""

    replicas: list[KnownVersions] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)

    def join(self, replica: KnownVersions) -> MemoryBoard:
        self.replicas.append(replica)
        for owner, version in self.versions.items():
            replica.secured(owner, version)
        return MemoryBoard(self)


@dataclass
class MemoryBoard:
    """A replica's way to them; `connected` False cuts it off."""

    announcements: Announcements
    connected: bool = True

    async def announce(self, owner: str, version: int) -> bool:
        if self.connected:
            versions = self.announcements.versions
            versions[owner] = max(version, versions.get(owner, version))
            for replica in self.announcements.replicas:
                replica.secured(owner, version)
        return self.connected

    async def announced(self, owner: str) -> int | None:
        return self.announcements.versions.get(owner)
