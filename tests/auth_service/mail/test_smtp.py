"""Mails by SMTP, with a real server."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from auth_service.mail.ports import MailRefused, MailServerAway
from auth_service.mail.smtp import SmtpMailer, SmtpServer
from tests.support.mails import MailServer, mail_server

TO = "ana@example.com"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of `localhost` and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(pem + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def of_server(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def of_client(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


@pytest.fixture
async def plain() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


def mailer(url: str, tls: ssl.SSLContext | None = None, seconds: float = 30) -> SmtpMailer:
    return SmtpMailer(
        SmtpServer.parse(url), sender="shop@example.com", timeout_seconds=seconds, tls_context=tls
    )


def a_message(to: str = TO) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "shop@example.com", to, "Hello"
    message.set_content("Hello")
    return message


async def test_a_mail_arrives_without_encryption_where_that_is_asked_for(plain: MailServer) -> None:
    await mailer(f"smtp+plain://localhost:{plain.port}").send(a_message(), TO)
    assert (plain.recipients, plain.encrypted) == ([TO], [False])
    assert plain.mails[0]["Subject"] == "Hello"


async def test_starttls_encrypts_before_the_password_is_sent(
    of_server: ssl.SSLContext, of_client: ssl.SSLContext
) -> None:
    async with mail_server(tls_context=of_server, require_starttls=True) as server:
        await mailer(f"smtp://localhost:{server.port}", of_client).send(a_message(), TO)
        assert server.encrypted == [True]


async def test_tls_from_the_first_byte(of_server: ssl.SSLContext, of_client: ssl.SSLContext) -> None:
    async with mail_server(tls=of_server) as server:
        await mailer(f"smtps://localhost:{server.port}", of_client).send(a_message(), TO)
        assert server.encrypted == [True]


async def test_a_server_without_starttls_gets_nothing(plain: MailServer) -> None:
    with pytest.raises(MailServerAway):
        await mailer(f"smtp://localhost:{plain.port}").send(a_message(), TO)
    assert plain.mails == []


async def test_a_certificate_of_nobody_is_refused(of_server: ssl.SSLContext) -> None:
    async with mail_server(tls=of_server) as server:
        with pytest.raises(MailServerAway):
            await mailer(f"smtps://localhost:{server.port}").send(a_message(), TO)
        assert server.mails == []


@pytest.mark.parametrize("password", ["right", "wrong"])
async def test_the_password_of_the_address_signs_in(
    of_server: ssl.SSLContext, of_client: ssl.SSLContext, password: str
) -> None:
    async with mail_server() as server:
        await server.stop()
        await server.start(tls_context=of_server, authenticator=server.authenticate, auth_required=True)
        sending = mailer(f"smtp://shop%40x:{password}@localhost:{server.port}", of_client).send(
            a_message(), TO
        )
        if password == "right":
            await sending
        else:  # a mistake in the settings: it must not lose the mail
            with pytest.raises(MailServerAway, match="SMTPAuthenticationError 535"):
                await sending
        assert set(server.users) == {f"shop@x:{password}"}
        assert len(server.mails) == (password == "right")


@pytest.mark.parametrize(
    ("rcpt", "data"),
    [("450 mailbox of ana@example.com is busy", ""), ("", "451 try later")],
    ids=["rcpt", "data"],
)
async def test_a_temporary_refusal_may_be_repeated(plain: MailServer, rcpt: str, data: str) -> None:
    plain.answers, plain.data_answers = [rcpt] if rcpt else [], [data] if data else []
    sender = mailer(f"smtp+plain://localhost:{plain.port}")
    with pytest.raises(MailServerAway) as refusal:
        await sender.send(a_message(), TO)
    assert "ana@" not in refusal.value.detail
    await sender.send(a_message(), TO)
    assert plain.recipients == [TO]


@pytest.mark.parametrize(
    ("rcpt", "data"), [("550 no mailbox ana@example.com", ""), ("", "554 spam")], ids=["rcpt", "data"]
)
async def test_a_permanent_refusal_names_no_address(plain: MailServer, rcpt: str, data: str) -> None:
    plain.answers, plain.data_answers = [rcpt] if rcpt else [], [data] if data else []
    with pytest.raises(MailRefused, match=r"^the mail server answered 55[04]$"):
        await mailer(f"smtp+plain://localhost:{plain.port}").send(a_message(), TO)


async def test_a_server_that_is_away_is_no_refusal(plain: MailServer) -> None:
    await plain.stop()
    with pytest.raises(MailServerAway):
        await mailer(f"smtp+plain://localhost:{plain.port}").send(a_message(), TO)


async def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sending = mailer(f"smtp+plain://127.0.0.1:{silent.getsockname()[1]}", seconds=0.2)
        with pytest.raises(MailServerAway):
            await sending.send(a_message(), TO)


async def test_an_address_in_another_script_travels_as_utf8(plain: MailServer) -> None:
    await mailer(f"smtp+plain://localhost:{plain.port}").send(a_message(), "josé@example.com")
    assert plain.recipients == ["josé@example.com"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://host", ("host", 587, None, None)),
        ("smtps://host", ("host", 465, None, None)),
        ("smtp+plain://host", ("host", 25, None, None)),
        ("smtp://a%40b:p%3Aq@host:2525", ("host", 2525, "a@b", "p:q")),
    ],
)
def test_an_address_of_a_server_is_read(url: str, expected: tuple[str, int, str | None, str | None]) -> None:
    server = SmtpServer.parse(url)
    assert (server.host, server.port, server.user, server.password) == expected
    assert "p:q" not in repr(server)


@pytest.mark.parametrize(
    "url", ["http://host", "smtp://", "host:25", "smtp://host:x", "smtp://host/path", "smtp+plain://a:b@host"]
)
def test_another_text_is_no_address_of_a_server(url: str) -> None:
    with pytest.raises(ValueError, match=r"mail server|unencrypted"):
        SmtpServer.parse(url)
