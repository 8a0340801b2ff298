"""The announcements of carts' versions, kept in memory as the bucket keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field

from cart_service.carts.versions import KnownVersions


@dataclass
class Announcements:
    """What all replicas share. A replica that joins later hears of everything as well. With `lag` a replica
    hears of an announcement only when the test says so (`MemoryAnnouncements.deliver`), as with a watch that
    is behind."""

    replicas: list[MemoryAnnouncements] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    lag: bool = False

    def join(self, known: KnownVersions) -> MemoryAnnouncements:
        replica = MemoryAnnouncements(self, known)
        self.replicas.append(replica)
        for owner, version in self.versions.items():
            known.secured(owner, version)
        return replica


@dataclass(eq=False)
class MemoryAnnouncements:
    """A replica's way to them; `connected` False cuts it off."""

    announcements: Announcements
    replica: KnownVersions
    connected: bool = True
    undelivered: list[tuple[str, int]] = field(default_factory=list)

    async def announce(self, owner: str, version: int) -> bool:
        if self.connected:
            versions = self.announcements.versions
            versions[owner] = max(version, versions.get(owner, version))
            for replica in self.announcements.replicas:
                replica.undelivered.append((owner, version))
                if not self.announcements.lag:
                    replica.deliver()
        return self.connected

    async def announced(self, owner: str) -> int | None:
        return self.announcements.versions.get(owner)

    def deliver(self) -> None:
        """Hears of what was announced up to now."""
        for owner, version in self.undelivered:
            self.replica.secured(owner, version)
        self.undelivered.clear()

    def leave(self) -> None:
        """Hears of nothing more."""
        self.announcements.replicas.remove(self)
