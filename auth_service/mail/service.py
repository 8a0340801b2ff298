"""Sending mails."""

from __future__ import annotations

from auth_service.mail.message import MessageWriter, recipient
from auth_service.mail.metrics import MAILS
from auth_service.mail.model import Mail
from auth_service.mail.ports import Mailer, MailRefused, MailServerAway
from shared.clock import Clock
from shared.observability.logging import get_logger

_log = get_logger(__name__)


class MailService:
    """Sends mails. A mail that can never be delivered is given up. Logs name no address and no code."""

    def __init__(self, mailer: Mailer, writer: MessageWriter, clock: Clock) -> None:
        self._mailer = mailer
        self._writer = writer
        self._clock = clock

    async def send(self, mail: Mail) -> None:
        """Returns when the mail is sent, or is given up because it has expired or was refused. Raises
        `MailServerAway`: then send it again later."""
        if self._clock.now() >= mail.expires_at:
            self._give_up(mail, "expired", "it could not be sent in time")
            return
        try:
            await self._mailer.send(self._writer.message(mail), recipient(mail.to))
        except MailRefused as error:
            self._give_up(mail, "refused", str(error))
        except MailServerAway:
            MAILS.labels("delayed").inc()
            raise
        else:
            MAILS.labels("sent").inc()

    def _give_up(self, mail: Mail, outcome: str, reason: str) -> None:
        MAILS.labels(outcome).inc()
        _log.warning("mail given up", kind=mail.kind.value, mail_id=mail.message_id, reason=reason)
