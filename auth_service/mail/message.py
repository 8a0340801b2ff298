"""Messages from templates: plain text and HTML, with the headers of RFC 5322.

A template is a text: its first line is the subject, and blank lines separate its paragraphs. The HTML has the
same paragraphs in `layout.html`. A paragraph that is only the code is shown large.
"""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from email_validator import EmailNotValidError, validate_email

from auth_service.mail.model import Mail, MailKind
from auth_service.mail.ports import MailRefused

_TEMPLATES = Path(__file__).parent / "templates"


class MessageWriter:
    """Writes the messages of one shop. `sender` is the address that they come from. `shop_url` is the address
    of the shop's pages, which may be empty."""

    def __init__(self, *, shop_name: str, sender: str, shop_url: str) -> None:
        self._shop_name = shop_name
        self._shop_url = shop_url
        user, _, domain = sender.rpartition("@")
        self._from = Address(shop_name, user, domain)

    def message(self, mail: Mail) -> EmailMessage:
        """The message to `recipient(mail.to)`. Raises `MailRefused` for an address that is not one."""
        user, _, domain = recipient(mail.to).rpartition("@")
        subject, body = self._text(mail)
        message = EmailMessage()
        message["From"] = self._from
        message["To"] = Address("", user, domain)
        message["Subject"] = subject
        message["Date"] = format_datetime(mail.date)
        message["Message-ID"] = f"<{mail.message_id}@{self._from.domain}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice answers it
        message["Content-Language"] = "en"
        message.set_content(f"{body}\n\n-- \n{self._signature()}\n", cte="quoted-printable")
        message.add_alternative(self._html(subject, body, mail.code), subtype="html", cte="quoted-printable")
        return message

    def _text(self, mail: Mail) -> tuple[str, str]:
        values = {"shop": self._shop_name, "code": mail.code}
        subject, _, body = _template(mail.kind).substitute(values).partition("\n")
        return subject, body.strip()

    def _signature(self) -> str:
        return "\n".join(filter(None, (self._shop_name, self._shop_url)))

    def _html(self, subject: str, body: str, code: str) -> str:
        paragraphs = "\n".join(_paragraph(text, code) for text in body.split("\n\n"))
        signature = "<br>".join(escape(line) for line in self._signature().splitlines())
        return _layout().substitute(subject=escape(subject), paragraphs=paragraphs, signature=signature)


def recipient(address: str) -> str:
    """The address as SMTP takes it: the domain in ASCII (IDNA 2008). Raises `MailRefused` for a text that is
    not an address."""
    try:
        known = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise MailRefused("not an e-mail address") from None
    return known.ascii_email or f"{known.local_part}@{known.ascii_domain}"


def _paragraph(text: str, code: str) -> str:
    kind = ' class="code"' if code and text == code else ""
    return f"<p{kind}>{escape(' '.join(text.splitlines()))}</p>"


@cache
def _template(kind: MailKind) -> Template:
    return Template((_TEMPLATES / f"{kind.value}.txt").read_text(encoding="utf-8"))


@cache
def _layout() -> Template:
    return Template((_TEMPLATES / "layout.html").read_text(encoding="utf-8"))
