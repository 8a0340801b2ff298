"""Notices: mails about a change of an account.

The write of the change keeps the notice in the private part of its event. The delivery of the event takes the
notice out before it publishes the event, and makes it a document of its own, so a mail server that is away
delays no event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from auth_service.mail.model import NOTICE_LIFE, Mail, MailKind
from auth_service.mail.service import MailService
from auth_service.mail.store import StoredNotices
from shared.events.envelope import Event
from shared.events.ports import Deliver

_PRIVATE = "notice"


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail of this kind to this address."""

    kind: MailKind
    to: str


def with_notice(event: Event, kind: MailKind, to: str) -> Event:
    """The event with a private notice. Deliver it by `NoticeDelivery`."""
    return replace(event, data={**event.data, _PRIVATE: {"kind": kind.value, "to": to}})


def notice_of(event: Event) -> Notice | None:
    """The private notice of the event."""
    found = event.data.get(_PRIVATE)
    return Notice(MailKind(found["kind"]), found["to"]) if found else None


def without_notice(event: Event) -> Event:
    """The event as the shop publishes it."""
    public = {name: value for name, value in event.data.items() if name != _PRIVATE}
    return replace(event, data=public) if _PRIVATE in event.data else event


class NoticeDelivery:
    """Publishes events without their notices, and then queues the notices. So a notice waits for NATS, and no
    event waits for the mail server."""

    def __init__(self, publish: Deliver, notices: StoredNotices) -> None:
        self._publish = publish
        self._notices = notices

    async def __call__(self, document_id: str, events: Sequence[Event]) -> None:
        for event in events:
            await self._publish(document_id, [without_notice(event)])
            if notice_of(event):
                await self._notices.queue(event)


class VerificationCodes(Protocol):
    """Issues the codes that new accounts get."""

    async def issue_verification(self, user_id: str, email: str) -> None: ...


class NoticeMailer:
    """The delivery of queued notices: sends the mails, or issues the code that goes into one."""

    def __init__(self, mails: MailService, codes: VerificationCodes) -> None:
        self._mails = mails
        self._codes = codes

    async def __call__(self, _document_id: str, events: Sequence[Event]) -> None:
        for event in events:
            notice = notice_of(event)
            if notice and notice.kind is MailKind.VERIFY:
                await self._codes.issue_verification(event.entity_id, notice.to)
            elif notice:
                expires_at = event.time + NOTICE_LIFE
                await self._mails.send(Mail(event.id, notice.kind, notice.to, event.time, expires_at))
