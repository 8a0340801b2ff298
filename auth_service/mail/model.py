"""A mail to one address."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

NOTICE_LIFE = timedelta(days=3)
"""A notice that could not be sent in this time is given up."""


class MailKind(StrEnum):
    """What a mail is about. Each kind has a template of this name."""

    VERIFY = "verify"
    RESET = "reset"
    SIGN_IN = "sign_in"
    UNLOCK = "unlock"
    CHANGE_EMAIL = "change_email"
    EMAIL_TAKEN = "email_taken"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  (a kind of mail)
    PASSWORD_REMOVED = "password_removed"  # noqa: S105  (a kind of mail)
    EMAIL_CHANGED = "email_changed"
    ACCOUNT_DELETED = "account_deleted"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail of the shop. `id` is the same for every attempt to send it. After `expires_at` it has no use and
    is not sent. `code` is the code in it, if there is one.

    It holds no name. Anybody can register an address that is not theirs, with any text for a name, and the
    shop must not mail that text.
    """

    id: str
    kind: MailKind
    to: str
    date: datetime
    expires_at: datetime
    code: str = ""

    @property
    def message_id(self) -> str:
        """The part of `Message-ID` before the `@`. It tells nothing about the code or the account."""
        return hashlib.sha256(f"trolley mail {self.id}".encode()).hexdigest()[:32]
