"""Which price of a line counts if the catalogue's has changed after the add."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from cart_service.carts.lines import Pieces
from shared.clock import from_rfc3339

POLICY_PATTERN = r"^(live|freeze|hold:[1-9][0-9]{0,3})$"


@dataclass(frozen=True, slots=True)
class PricePolicy:
    """Pieces keep their price for `hold` after they were added or acknowledged (None: without end). Then the
    catalogue's price counts, and always if the hold is `timedelta(0)`."""

    hold: timedelta | None = timedelta(0)

    @classmethod
    def parse(cls, text: str) -> PricePolicy:
        """From `live`, `hold:<hours>` or `freeze`. Raises ValueError."""
        if not re.fullmatch(POLICY_PATTERN, text):
            raise ValueError(f"not a price policy: {text!r}; expected live, hold:<hours> or freeze")
        if text == "freeze":
            return cls(None)
        _, _, hours = text.partition(":")
        return cls(timedelta(hours=int(hours or 0)))

    def holds(self, pieces: Pieces, now: datetime) -> bool:
        """Whether the pieces' own price counts at that moment."""
        if not self.hold:
            return self.hold is None
        return now < self.end_of(pieces)

    def end_of(self, pieces: Pieces) -> datetime:
        """When a hold of a limited time ends."""
        return from_rfc3339(pieces.since) + (self.hold or timedelta(0))
