"""What this replica has heard of carts: how new each is, and whose owner is gone."""

from __future__ import annotations

from collections import OrderedDict

from cart_service.changes import ChangeListener

REVISION_BITS = 32
"""Leaves room for 23 billion versions of a cart in the 20 digits that the cache compares."""


def pack(cart_version: int, revision: int) -> int:
    """One number that orders summaries: by the cart's version, then by the catalogue's revision.

    The cart's version comes first: every reader notices an outdated price (`unchanged_since`), but may not
    know of a newer version of the cart. So a slower build replaces neither a newer cart nor newer prices.
    """
    return cart_version << REVISION_BITS | revision


def unpack(packed: int) -> tuple[int, int]:
    """The cart's version and the catalogue's revision that were packed."""
    return packed >> REVISION_BITS, packed & ((1 << REVISION_BITS) - 1)


class _Newest:
    """The greatest number heard for each of the last `capacity` owners."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._versions: OrderedDict[str, int] = OrderedDict()

    def of(self, owner: str) -> int:
        return self._versions.get(owner, -1)

    def hear(self, owner: str, version: int) -> None:
        self._versions[owner] = max(version, self.of(owner))
        self._versions.move_to_end(owner)
        if len(self._versions) > self._capacity:
            self._versions.popitem(last=False)

    def forget(self, owner: str) -> None:
        self._versions.pop(owner, None)


class KnownVersions:
    """The newest version of each cart that was heard of, and the newest that is `secured`: no replica serves
    an older summary, because the cache holds that version or it was announced. `changes` hears of each newer
    version."""

    def __init__(self, capacity: int, changes: ChangeListener) -> None:
        self._heard = _Newest(capacity)
        self._secured = _Newest(capacity)
        self._changes = changes

    def heard(self, owner: str, version: int) -> None:
        is_newer = version > self._heard.of(owner)
        self._heard.hear(owner, version)
        if is_newer:
            self._changes.cart_changed(owner, version)

    def secured(self, owner: str, version: int) -> None:
        self.heard(owner, version)
        self._secured.hear(owner, version)

    def newest(self, owner: str) -> int:
        """-1 if nothing was heard."""
        return self._heard.of(owner)

    def is_secured(self, owner: str, version: int) -> bool:
        return self._secured.of(owner) >= version

    def forget(self, owner: str) -> None:
        self._heard.forget(owner)
        self._secured.forget(owner)


class KnownDeletions:
    """The last `capacity` owners whose accounts were deleted. No later user gets the id of one."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._owners: OrderedDict[str, None] = OrderedDict()

    def heard(self, owner: str) -> None:
        self._owners[owner] = None
        if len(self._owners) > self._capacity:
            self._owners.popitem(last=False)

    def include(self, owner: str) -> bool:
        return owner in self._owners
