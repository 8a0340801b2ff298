"""What a check is, and what it finds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Finding:
    """A disagreement. `what` is the key it was found at. Found again unchanged it is equal: `detail` holds
    the versions that disagree, so that what is only under way does not look like drift."""

    check: str
    what: str
    detail: str
    fixable: bool = True


class ConsistencyCheck(Protocol):
    """One kind of disagreement. Everything may raise `Unavailable`."""

    @property
    def name(self) -> str: ...

    def keys(self) -> AsyncIterator[str]:
        """All that is to be looked at, page by page; a key may come twice."""
        ...

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        """What is wrong with these (some hundred) at this moment, by reads that see every write."""
        ...

    async def fix(self, finding: Finding) -> None:
        """Repairs it, if it is still there; repeating it, and other writers meanwhile, do no harm."""
        ...


class FindingOutcome(StrEnum):
    FOUND = "found"
    REPAIRED = "repaired"
    LEFT = "left"


@dataclass(slots=True)
class FindingTally:
    """What became of one check: how many keys were looked at, and how many findings there were."""

    looked_at: int = 0
    found: int = 0
    repaired: int = 0

    @property
    def left(self) -> int:
        return self.found - self.repaired
