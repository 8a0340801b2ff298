"""What a mail looks like."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email import policy
from html import unescape

import pytest

from auth_service.mail.message import MessageWriter, recipient
from auth_service.mail.model import Mail, MailKind
from auth_service.mail.ports import MailRefused
from tests.support.mails import code_in, read_mail, text_of

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


def a_mail(kind: MailKind = MailKind.RESET, to: str = "ana@example.com", code: str = "WDJB-MJHT") -> Mail:
    return Mail("one", kind, to, NOW, NOW + timedelta(minutes=10), code)


def writer(shop_name: str = "Ana & Söhne <1>") -> MessageWriter:
    return MessageWriter(shop_name=shop_name, sender="shop@example.com", shop_url="https://shop.example/")


def test_the_headers_are_those_of_a_mail_that_no_one_answers() -> None:
    message = writer().message(a_mail())
    assert message["To"] == "ana@example.com"
    assert message["From"].addresses[0].addr_spec == "shop@example.com"
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.com>", message["Message-ID"])


def test_a_repeat_has_the_id_of_the_first() -> None:
    first, again = writer().message(a_mail()), writer().message(a_mail())
    assert first["Message-ID"] == again["Message-ID"]


@pytest.mark.parametrize("kind", list(MailKind))
def test_every_kind_is_plain_text_and_html_with_the_same_words(kind: MailKind) -> None:
    message = read_mail(writer().message(a_mail(kind)).as_bytes(policy=policy.SMTP))
    assert message.get_content_type() == "multipart/alternative"
    plain, html = text_of(message), text_of(message, "html")
    assert "$" not in plain + html
    for words in (message["Subject"], plain):
        assert "Ana & Söhne <1>" in words
    shown = " ".join(unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.S)).split())
    for paragraph in plain.partition("\n-- ")[0].strip().split("\n\n"):
        assert " ".join(paragraph.split()) in shown


def test_the_code_is_in_the_text_and_never_in_the_subject_or_an_address() -> None:
    message = writer().message(a_mail())
    assert code_in(message) == "WDJB-MJHT"
    assert "WDJB" not in str(message["Subject"])
    assert not re.search(r"https?://\S*WDJB", text_of(message) + text_of(message, "html"))


def test_html_is_escaped() -> None:
    html = text_of(writer("<script>alert(1)</script>").message(a_mail()), "html")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("name", ["Shop\r\nBcc: eve@example.com", "Shop\nX: y"])
def test_a_name_adds_no_header(name: str) -> None:
    with pytest.raises(ValueError, match=r"CR|linefeed|newline"):
        writer(name).message(a_mail())


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ana@example.com", "ana@example.com"),
        ("ana@faß.de", "ana@xn--fa-hia.de"),
        ("josé@münchen.example", "josé@xn--mnchen-3ya.example"),
    ],
)
def test_a_domain_travels_in_ascii(address: str, expected: str) -> None:
    assert recipient(address) == expected


@pytest.mark.parametrize(
    "address", ["", "ana", "ana@", "a\r\nRCPT TO:<b@c.de>@example.com", "a b@example.com"]
)
def test_another_text_is_no_recipient(address: str) -> None:
    with pytest.raises(MailRefused):
        recipient(address)
