"""Mails by SMTP."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import NoReturn
from urllib.parse import unquote, urlsplit

import aiosmtplib

from auth_service.mail.ports import MailRefused, MailServerAway

SCHEMES = {"smtps": 465, "smtp": 587, "smtp+plain": 25}
"""The default port of each scheme: TLS from the first byte (RFC 8314), STARTTLS, and no encryption."""
_CONNECTIONS = 4
"""Connections at once of one replica. Servers limit them for each client."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The mail server, and how to sign in there."""

    host: str
    port: int
    scheme: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> SmtpServer:
        """Reads `smtp://user:password@host:587`. Raises ValueError, without the address, for another text and
        for a password that would travel unencrypted."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in SCHEMES or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError(
                "is no address of a mail server, which looks like smtp://user:password@host:587 (STARTTLS), "
                "smtps://user:password@host:465 (TLS) or smtp+plain://host:25 (not encrypted)"
            )
        if parts.scheme == "smtp+plain" and parts.username is not None:
            raise ValueError("would send the password unencrypted: use smtp:// or smtps:// with a password")
        user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
        return cls(parts.hostname, port or SCHEMES[parts.scheme], parts.scheme, user, password)


class SmtpMailer:
    """Sends each mail over a connection of its own, a few at a time. With `smtp` it requires STARTTLS and
    never falls back to an unencrypted connection. Certificates are checked against those of the system, or
    `SSL_CERT_FILE`."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        sender: str,
        timeout_seconds: float,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        """`timeout_seconds` is for one mail, from the connection to the server's answer."""
        self._server = server
        self._sender = sender
        self._timeout_seconds = timeout_seconds
        self._tls_context = tls_context
        self._connections = asyncio.Semaphore(_CONNECTIONS)

    async def send(self, message: EmailMessage, to: str) -> None:
        try:
            async with self._connections, asyncio.timeout(self._timeout_seconds):
                await self._send(message, to)
        except aiosmtplib.SMTPRecipientsRefused as error:
            _refused(error.recipients[0].code)
        except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as error:
            _refused(error.code)
        except aiosmtplib.SMTPNotSupported:
            if not to.isascii():
                raise MailRefused("the mail server takes no such address (SMTPUTF8)") from None
            raise _away("SMTPNotSupported") from None
        except aiosmtplib.SMTPResponseException as error:
            raise _away(f"{type(error).__name__} {error.code}") from None
        except Exception as error:  # any other failure concerns the server, and its text may hold an address
            raise _away(type(error).__name__) from None

    async def _send(self, message: EmailMessage, to: str) -> None:
        server = self._server
        await aiosmtplib.send(
            message,
            sender=self._sender,
            recipients=[to],
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            timeout=self._timeout_seconds,
            use_tls=server.scheme == "smtps",
            start_tls=server.scheme == "smtp",
            tls_context=self._tls_context,
        )


def _refused(code: int) -> NoReturn:
    """A 5xx about the recipient or the content will not change (RFC 5321, section 4.2.1). A 4xx may."""
    if code >= 500:
        raise MailRefused(f"the mail server answered {code}") from None
    raise _away(f"the mail server answered {code}") from None


def _away(reason: str) -> MailServerAway:
    return MailServerAway(f"The mail server (MAIL_URL) does not take a mail: {reason}.")
