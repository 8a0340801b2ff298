"""Brings stored addresses to the normal form of this release.

A former release had another form. So accounts that were two may have one address now, and an address may not
be accepted any more. Such accounts stay as they are, with their sessions, and are reported. They cannot sign
in by their address until the operator gives them another one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from auth_service.accounts.emails import claim_id, email_or_none
from auth_service.accounts.model import EmailClaim, User, is_live
from auth_service.accounts.store import StoredEmailClaims, UserCodec
from shared.aggregates.change import Change
from shared.store.ports import Document, DocumentStore, Equals, VersionConflict


@dataclass(frozen=True, slots=True)
class AddressFinding:
    """An account whose stored address is not in today's form.

    `moved`: it has `address` now. `taken`: `address` is that of the account `kept_by`. `refused`: its address
    is not accepted any more, and `address` is the stored one.
    """

    outcome: Literal["moved", "taken", "refused"]
    user_id: str
    address: str
    kept_by: str | None = None


class AddressMigration:
    """Moves accounts to another address: claims it, writes the account, frees the former one. Each step is a
    compare-and-swap write, so it may run beside the services, and again after a crash.

    Of several accounts that fall together, the one that has the address in today's form keeps it, else the
    oldest.
    """

    def __init__(self, users: DocumentStore, claims: DocumentStore, now: Callable[[], datetime]) -> None:
        self._users = users
        self._claims = StoredEmailClaims(claims)
        self._now = now

    async def run(self) -> AsyncIterator[AddressFinding]:
        """Moves every account that can be moved, the oldest first. Raises `StoreUnavailable`."""
        await self._users.refresh()
        others = [user async for user in self._live() if email_or_none(user.email) != user.email]
        for user in sorted(others, key=lambda user: (user.created_at, user.id)):
            address = email_or_none(user.email)
            if address is None:
                yield AddressFinding("refused", user.id, user.email)
                continue
            keeper = await self.move(user.id, address)
            yield AddressFinding("taken" if keeper else "moved", user.id, address, keeper)

    async def move(self, user_id: str, address: str, *, is_other: bool = False) -> str | None:
        """Gives the account this address, which is in its normal form. Returns the id of another account that
        has it; nothing is changed then. `is_other`: it is another mailbox, which nobody has verified."""
        keeper = await self._claim(claim_id(address), user_id)
        if keeper is not None:
            return keeper
        former = await self._write(user_id, address, is_other=is_other)
        if former != address:
            await self._claims.release(claim_id(former), user_id)
        return None

    async def find(self, user_id: str) -> User | None:
        """The account, unless it is deleted."""
        document = await self._users.get(user_id)
        user = _user(document) if document else None
        return user if is_live(user) else None

    async def _live(self) -> AsyncIterator[User]:
        async for document in self._users.scan([Equals("deleted", False)]):
            yield _user(document)

    async def _claim(self, claim: str, user_id: str) -> str | None:
        """Claims the address. Returns the id of another account that has it, or is just being registered."""
        seen = await self._claims.get(claim)
        if seen is not None and seen.user_id != user_id and await self._holds(seen, claim):
            return seen.user_id

        def take(current: EmailClaim | None) -> Change[EmailClaim, str | None]:
            if current != seen:
                return Change(None, current.user_id if current else user_id)
            return Change(EmailClaim(user_id, self._now(), confirmed=True), None)

        return await self._claims.update(claim, take)

    async def _holds(self, claim: EmailClaim, id: str) -> bool:
        """Whether the account of the claim has the address, or may still get it."""
        if not claim.registration_is_over(self._now()):
            return True
        user = await self.find(claim.user_id)
        return user is not None and claim_id(email_or_none(user.email) or "") == id

    async def _write(self, user_id: str, address: str, *, is_other: bool) -> str:
        """Writes the address into the account, beside whatever else is in its document. Returns the former
        one."""
        while True:
            document = await self._users.get(user_id)
            if document is None or document.body["email"] == address:
                return address
            changed = {**document.body, "email": address}
            if is_other:
                changed["email_verified"] = False
            try:
                await self._users.replace(user_id, changed, document.version)
            except VersionConflict:
                continue
            return str(document.body["email"])


def _user(document: Document) -> User:
    return UserCodec().from_document(document.id, document.body)
