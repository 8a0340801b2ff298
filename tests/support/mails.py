"""Reading the mails of a shop, and a mail server for tests."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from aiosmtpd.smtp import Session as SmtpSession

from auth_service.mail.folder import newest_first
from tests.support.waiting import eventually

CODE = re.compile(r"^([A-Z]{4}-[A-Z]{4})$", re.MULTILINE)


def read_mail(content: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(content, policy=policy.default))


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """The body of this kind: `plain` or `html`."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def code_in(mail: EmailMessage) -> str:
    """The code in the mail."""
    found = CODE.search(text_of(mail).replace("\r", ""))
    assert found, text_of(mail)
    return found[1]


def _content(path: Path) -> bytes:
    """Of the mail; empty if newer ones have just taken its place."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


class MailsInFolder:
    """The mails in a file outbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self, to: str | None = None, about: str = "") -> list[EmailMessage]:
        """The mails to that address with these words in the subject, the newest first."""
        mails = [read_mail(content) for path in newest_first(self.folder) if (content := _content(path))]
        return [mail for mail in mails if to in (None, mail["To"]) and about in mail["Subject"]]

    async def wait(self, to: str, about: str = "", count: int = 1) -> EmailMessage:
        """The newest such mail, when there are `count` of them."""
        await eventually(lambda: len(self.all(to, about)) >= count)
        return self.all(to, about)[0]

    async def code(self, to: str, about: str, count: int = 1) -> str:
        """The code in the newest such mail."""
        return code_in(await self.wait(to, about, count))


class MailServer:
    """A real SMTP server in this process. `answers` are its next answers to RCPT, `data_answers` those to
    DATA; without one it takes the mail."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: list[str] = []
        self.data_answers: list[str] = []
        self.lost_answers = 0
        self.encrypted: list[bool] = []
        self.users: list[str] = []
        self._server: asyncio.Server | None = None
        self._options: dict[str, Any] = {}
        self._tls: ssl.SSLContext | None = None
        self.port = 0

    async def handle_RCPT(  # noqa: N802  (the name that aiosmtpd calls)
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answers:
            answer = self.answers.pop(0)
            if not answer.startswith("2"):
                return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802
        if self.data_answers:
            return self.data_answers.pop(0)
        self.mails.append(read_mail(cast(bytes, envelope.content)))
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None or self._tls is not None)
        if self.lost_answers:
            self.lost_answers -= 1
            server.transport.abort()
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.users.append(f"{data.login.decode()}:{data.password.decode()}")
        return AuthResult(success=data.password == b"right", handled=False)

    async def start(self, **options: Any) -> None:
        """Listens, at the same port as before. `tls` encrypts from the first byte."""
        self._options = options or self._options
        given = dict(self._options)
        self._tls = given.pop("tls", None)
        loop = asyncio.get_running_loop()

        def protocol() -> SMTP:
            return SMTP(self, hostname="mail.test", enable_SMTPUTF8=True, loop=loop, **given)

        self._server = await loop.create_server(protocol, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


@asynccontextmanager
async def mail_server(**options: Any) -> AsyncIterator[MailServer]:
    """A running mail server."""
    server = MailServer()
    await server.start(**options)
    try:
        yield server
    finally:
        await server.stop()
