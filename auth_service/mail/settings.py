"""The settings of mails."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from email_validator import EmailNotValidError, validate_email
from pydantic import Field, SecretStr, field_validator, model_validator

from auth_service.mail.smtp import SmtpServer
from shared.settings import Environment, ServiceSettings

FILES = "file:"
"""The MAIL_URL of the file outbox."""
_SENDER_OF_NOBODY = "shop@trolley.example"


class MailSettings(ServiceSettings):
    mail_url: SecretStr = Field(
        SecretStr(""),
        description="The mail server: smtp://user:password@host:587 (STARTTLS), smtps://…:465 (TLS) or "
        "smtp+plain://host:25. `file:`, or empty in development: no server, mails are files.",
    )
    mail_from: str = Field(_SENDER_OF_NOBODY, max_length=254, description="The address that mails come from.")
    mail_timeout_seconds: float = Field(
        20, ge=0.1, le=300, description="Time for one mail, until the mail server has taken it."
    )
    mail_directory: Path = Field(Path(".data/mail"), description="Folder of the mails that are files.")
    shop_url: str = Field(
        "",
        max_length=200,
        pattern=r"^(https?://[!-~]+)?$",
        description="Address of the shop's pages, in mails.",
    )

    @field_validator("mail_url")
    @classmethod
    def _check_mail_url(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value() not in ("", FILES):
            SmtpServer.parse(url.get_secret_value())
        return url

    @field_validator("mail_from")
    @classmethod
    def _check_mail_from(cls, sender: str) -> str:
        try:
            known = validate_email(sender, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise ValueError("is no e-mail address, which looks like shop@example.com") from error
        if known.ascii_email is None:
            raise ValueError("has other letters than ASCII before the @, which many mail servers refuse")
        return known.ascii_email

    @model_validator(mode="after")
    def _require_a_mail_server(self) -> Self:
        if self.environment is Environment.DEVELOPMENT:
            return self
        url = self.mail_url.get_secret_value()
        if not url:
            raise ValueError(
                "MAIL_URL must be set in production: without mails nobody can set a forgotten password. "
                "Name a mail server as in smtp://user:password@host:587, or set `file:` to write mails to "
                "files, which nobody gets"
            )
        if url != FILES and self.mail_from == _SENDER_OF_NOBODY:
            raise ValueError("MAIL_FROM must be set to an address of your own in production")
        return self
