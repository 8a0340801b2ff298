"""The port of the mail server."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Protocol

from shared.errors import Unavailable


class MailServerAway(Unavailable):
    """The mail server does not take the mail now. It may or may not have taken it. `detail` holds no address:
    servers repeat addresses in their answers, so those are left out."""


class MailRefused(Exception):
    """The mail server will never take this mail, for example because the mailbox does not exist. The text is
    the server's status code or the reason, without an address."""


class Mailer(Protocol):
    async def send(self, message: EmailMessage, to: str) -> None:
        """Hands the message over for delivery to one address, which has an ASCII domain. Raises
        `MailServerAway`, `MailRefused`."""
        ...
