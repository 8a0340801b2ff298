"""The part of the composition root that mails: codes and notices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auth_service.accounts.ports import EmailClaimRepository
from auth_service.accounts.store import USERS, UserCodec
from auth_service.codes.delivery import CodeMailer
from auth_service.codes.derivation import CODES_KEY, IDS_KEY, CodeDerivation
from auth_service.codes.issuing import CodeIssuer
from auth_service.codes.removal import ExpiringRepository
from auth_service.codes.store import (
    CODE_REQUESTS,
    MAILED_CODES,
    MailedCodesCodec,
    StoredCodeRequests,
    StoredMailedCodes,
)
from auth_service.keys.signing import Secrets
from auth_service.mail.folder import MailFolder
from auth_service.mail.message import MessageWriter
from auth_service.mail.notices import NoticeMailer
from auth_service.mail.ports import Mailer
from auth_service.mail.service import MailService
from auth_service.mail.settings import FILES, MailSettings
from auth_service.mail.smtp import SmtpMailer, SmtpServer
from auth_service.mail.store import NOTICES, StoredNotices
from auth_service.settings import AuthSettings
from shared.aggregates.outbox import Outbox
from shared.aggregates.repository import AggregateRepository
from shared.backends import Backends
from shared.clock import MillisecondClock
from shared.observability.logging import get_logger
from shared.settings import Environment

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Mailing:
    """The adapters of codes and notices. Start the outboxes."""

    codes: StoredMailedCodes
    requests: StoredCodeRequests
    notices: StoredNotices
    derivation: CodeDerivation
    issuer: CodeIssuer
    outboxes: Sequence[Outbox]

    @property
    def expiring(self) -> Sequence[ExpiringRepository]:
        return [self.codes, self.requests, self.notices]


async def open_mailing(settings: AuthSettings, backends: Backends, claims: EmailClaimRepository) -> Mailing:
    """Opens the adapters that the settings choose."""
    stores, clock = backends.stores, MillisecondClock(backends.clock)
    mails = MailService(create_mailer(settings), message_writer(settings), backends.clock)
    secrets = Secrets(
        settings.auth_secret.get_secret_value(), settings.auth_secret_previous.get_secret_value()
    )
    derivation = CodeDerivation(secrets.keys(CODES_KEY), secrets.keys(IDS_KEY))
    codes_store = await stores.open(MAILED_CODES)
    code_mailer = CodeMailer(
        AggregateRepository(codes_store, MailedCodesCodec()),
        AggregateRepository(await stores.open(USERS), UserCodec()),
        claims,
        derivation,
        mails,
    )
    code_outbox = Outbox(code_mailer, clock=backends.clock)
    codes = StoredMailedCodes(codes_store, code_outbox)
    requests = StoredCodeRequests(await stores.open(CODE_REQUESTS))
    issuer = CodeIssuer(codes, requests, derivation, clock)
    notice_outbox = Outbox(NoticeMailer(mails, issuer), clock=backends.clock)
    notices = StoredNotices(await stores.open(NOTICES), notice_outbox)
    return Mailing(codes, requests, notices, derivation, issuer, [code_outbox, notice_outbox])


def create_mailer(settings: MailSettings) -> Mailer:
    """The mail server, or the file outbox."""
    url = settings.mail_url.get_secret_value()
    if url and url != FILES:
        return SmtpMailer(
            SmtpServer.parse(url),
            sender=settings.mail_from,
            timeout_seconds=settings.mail_timeout_seconds,
        )
    if settings.environment is Environment.PRODUCTION:
        _log.warning(
            "mails are only written to files, and nobody gets them: set MAIL_URL to a mail server",
            folder=str(settings.mail_directory),
        )
    return MailFolder(settings.mail_directory)


def message_writer(settings: MailSettings) -> MessageWriter:
    return MessageWriter(shop_name=settings.shop_name, sender=settings.mail_from, shop_url=settings.shop_url)
