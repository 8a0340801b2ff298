"""The event of an issued code. It never leaves its document: its delivery is the mail."""

from __future__ import annotations

from datetime import datetime

from auth_service.codes.model import IssuedCode, MailedCodes
from shared.events.envelope import Event


def code_issued(mailed: MailedCodes, code: IssuedCode, now: datetime) -> Event:
    return Event.new("code.issued", mailed.id, mailed.version, now, {"nonce": code.nonce})


def nonce_of(event: Event) -> str:
    return str(event.data["nonce"])
