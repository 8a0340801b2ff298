"""The code that a new account gets by mail, to verify its address."""

from __future__ import annotations

from collections.abc import Sequence

from auth_service.accounts.credentials import claim_id
from auth_service.codes.issuing import CodeIssuer
from auth_service.codes.model import CodePurpose
from auth_service.mail.model import MailKind
from auth_service.mail.notices import notice_of
from shared.events.envelope import Event
from shared.events.ports import Deliver

_FIRST_CREDENTIALS = 1


class VerificationDelivery:
    """Delivers the events of accounts, and then issues the code that the event of a registration asks for. If
    the code cannot be written, both are repeated, so no new account goes without."""

    def __init__(self, deliver: Deliver, issuer: CodeIssuer) -> None:
        self._deliver = deliver
        self._issuer = issuer

    async def __call__(self, document_id: str, events: Sequence[Event]) -> None:
        await self._deliver(document_id, events)
        for event in events:
            notice = notice_of(event)
            if notice and notice.kind is MailKind.VERIFY:
                await self._issuer.issue(
                    CodePurpose.VERIFY,
                    claim_id(notice.to),
                    user_id=event.entity_id,
                    credentials_version=_FIRST_CREDENTIALS,
                )
