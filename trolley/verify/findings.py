"""A check, its findings and their outcomes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Finding:
    """A disagreement at the key `what`. `detail` holds the versions that disagree, so a finding that is still
    there later is equal, and a write under way makes an unequal one."""

    check: str
    what: str
    detail: str
    fixable: bool = True


class ConsistencyCheck(Protocol):
    """One kind of disagreement. Everything may raise `Unavailable`."""

    @property
    def name(self) -> str: ...

    def keys(self) -> AsyncIterator[str]:
        """All keys to check, read page by page. A key may come twice."""
        ...

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        """The disagreements of these keys (some hundred) at this moment, by reads that see every write."""
        ...

    async def fix(self, finding: Finding) -> None:
        """Repairs the disagreement if it is still there. A repeat, or another writer, does no harm."""
        ...


class FindingOutcome(StrEnum):
    FOUND = "found"
    REPAIRED = "repaired"
    LEFT = "left"


@dataclass(slots=True)
class FindingTally:
    """The counts of one check: keys, findings and repairs."""

    looked_at: int = 0
    found: int = 0
    repaired: int = 0

    @property
    def left(self) -> int:
        return self.found - self.repaired
