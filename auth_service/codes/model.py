"""Mailed codes: those of one address, and the requests for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

CODE_LIFE = timedelta(minutes=10)
"""The life of a request for a code."""
CODE_TRIES = 5
REPEATED_FOR = timedelta(minutes=1)
"""Another request within this time gets the code that was just mailed. So a code outlives its first request
by this time."""
LEAST_LEFT = timedelta(minutes=2)
"""A code with less time than this is not repeated."""
MOST_LIVE = 5
"""Codes that are valid at the same time. They bound the mails to one address."""


class CodePurpose(StrEnum):
    """What a code is for. A code for one purpose is worth nothing for another."""

    VERIFY = "verify"
    RESET = "reset"
    SIGN_IN = "sign_in"
    UNLOCK = "unlock"
    CHANGE_EMAIL = "change_email"


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code that was mailed, or would have been if its address had an account. The code derives from `nonce`
    and the service's secret, so this value alone gives nobody the code. It is void if the account's
    `credentials_version` is another one by now."""

    nonce: str
    user_id: str
    credentials_version: int
    issued_at: datetime
    expires_at: datetime
    used: bool = False

    def usable(self, now: datetime) -> bool:
        return not self.used and now < self.expires_at


@dataclass(frozen=True, slots=True)
class MailedCodes:
    """The codes of one address and purpose. `to` is the address for a change of address, and empty for the
    other purposes: their mails go to the address that the account has."""

    id: str
    purpose: CodePurpose
    to: str = ""
    codes: tuple[IssuedCode, ...] = ()
    version: int = 1

    @property
    def expires_at(self) -> datetime:
        return max(code.expires_at for code in self.codes)

    def repeatable(self, new: IssuedCode, may_mail: bool) -> IssuedCode | None:
        """The newest code, if a request for `new` gets it instead.

        A request repeats a code that was just mailed, or if its address gets no more mails at the moment. So
        strangers who ask for codes cannot keep the owner from getting one.
        """
        newest = self.codes[-1] if self.codes else None
        now = new.issued_at
        if newest is None or not newest.usable(now) or newest.expires_at - now < LEAST_LEFT:
            return None
        if (newest.user_id, newest.credentials_version) != (new.user_id, new.credentials_version):
            return None
        live = sum(code.usable(now) for code in self.codes)
        is_recent = now - newest.issued_at < REPEATED_FOR
        return newest if is_recent or not may_mail or live >= MOST_LIVE else None

    def repeated(self) -> MailedCodes:
        """The same codes, to be written again: a request that repeats a code makes as many writes as one that
        gets a new code."""
        return replace(self, version=self.version + 1)

    def issue(self, code: IssuedCode) -> MailedCodes:
        """The codes with one more, without those that have expired."""
        live = tuple(known for known in self.codes if code.issued_at < known.expires_at)
        return replace(self, codes=(*live, code), version=self.version + 1)

    def find(self, nonce: str) -> IssuedCode | None:
        """The code of that nonce."""
        return next((code for code in self.codes if code.nonce == nonce), None)

    def spend(self, nonce: str) -> MailedCodes:
        """The codes with that one used. A used code for a change of address takes the address with it."""
        codes = tuple(replace(code, used=True) if code.nonce == nonce else code for code in self.codes)
        return replace(self, codes=codes, to="", version=self.version + 1)


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """A request for a code. Its id is a random handle, which only the requester knows, so the tries are the
    requester's own: strangers cannot use up those of the owner."""

    id: str
    codes_id: str
    nonce: str
    expires_at: datetime
    tries: int = 0

    def tried(self, now: datetime) -> CodeRequest | None:
        """The request with one more try, or None if no try is left."""
        if self.tries >= CODE_TRIES or now >= self.expires_at:
            return None
        return replace(self, tries=self.tries + 1)

    def given_back(self) -> CodeRequest:
        """The request with one try fewer: the code was right, and something else was wrong."""
        return replace(self, tries=self.tries - 1)
