"""Uniqueness of e-mail addresses: who claims an address first has it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

ABANDONED_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class EmailClaim:
    """`user_id` has, or is about to get, the account of this address.

    A registration claims the address, writes the account and then confirms the claim. Between the two it may
    have died; then another registration may take the claim over. Both are compare-and-swap writes of the
    claim, so a registration that was only slow fails to confirm, and one address never has two accounts.
    """

    user_id: str
    claimed_at: datetime
    confirmed: bool = False

    def abandoned(self, now: datetime) -> bool:
        """True once its account should long have been written. Whether it was, the caller has to look."""
        return self.confirmed or now - self.claimed_at >= ABANDONED_AFTER

    def confirm(self) -> EmailClaim:
        return replace(self, confirmed=True)
