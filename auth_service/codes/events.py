"""The event of an issued code. It never leaves its document: its delivery is the mail."""

from __future__ import annotations

from datetime import datetime

from auth_service.codes.model import IssuedCode, MailedCodes
from shared.events.envelope import Event


def code_issued(mailed: MailedCodes, code: IssuedCode, now: datetime, *, is_repeat: bool = False) -> Event:
    """The event of a request. A repeated code is not mailed again, and its delivery does the same work up to
    that: an account that has just got a code is no other than an unknown one."""
    return Event.new(
        "code.issued", mailed.id, mailed.version, now, {"nonce": code.nonce, "is_repeat": is_repeat}
    )


def nonce_of(event: Event) -> str:
    return str(event.data["nonce"])


def is_repeat(event: Event) -> bool:
    return bool(event.data["is_repeat"])
