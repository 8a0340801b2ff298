"""The command `trolley mail`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auth_service.mail.folder import MailFolder
from auth_service.mail.message import MessageWriter
from auth_service.mail.model import Mail, MailKind
from tests.support.terminal import Terminal

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
WRITER = MessageWriter(shop_name="Trolley", sender="shop@trolley.example", shop_url="")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path, {"MAIL_DIRECTORY": str(tmp_path / "mail")})


async def write(tmp_path: Path, *people: str) -> None:
    folder = MailFolder(tmp_path / "mail")
    for number, person in enumerate(people):
        date = NOW + timedelta(seconds=number)
        mail = Mail(person, MailKind.RESET, f"{person}@example.com", date, date, "WDJB-MJHT")
        await folder.send(WRITER.message(mail), mail.to)


async def test_mails_are_listed_the_newest_first(terminal: Terminal, tmp_path: Path) -> None:
    await write(tmp_path, "ana", "bea", "cleo")
    listed = await terminal.run("mail")
    assert listed.status == 0, listed
    places = [listed.output.index(f"{person}@example.com") for person in ("cleo", "bea", "ana")]
    assert places == sorted(places)
    assert "WDJB" not in listed.output


async def test_one_persons_mails_are_found(terminal: Terminal, tmp_path: Path) -> None:
    await write(tmp_path, "ana", "bea")
    listed = await terminal.run("mail", "--for", "Ana@example.com")
    assert "ana@example.com" in listed.output
    assert "bea@" not in listed.output


async def test_a_mail_is_shown_as_text(terminal: Terminal, tmp_path: Path) -> None:
    await write(tmp_path, "ana", "bea")
    newest, older = await terminal.run("mail", "show"), await terminal.run("mail", "show", "2")
    hers = await terminal.run("mail", "show", "--for", "ana@example.com")
    assert "To: bea@example.com" in newest.output
    assert "\nWDJB-MJHT\n" in newest.output
    assert "To: ana@example.com" in older.output
    assert hers.output == older.output


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["mail", "--for", "dora@example.com"], "There are no mails to dora@example.com"),
        (["mail", "show", "3"], "1 mails to choose from"),
    ],
)
async def test_what_is_not_there_is_said(
    terminal: Terminal, tmp_path: Path, words: list[str], reason: str
) -> None:
    await write(tmp_path, "ana")
    answer = await terminal.run(*words)
    assert answer.status == 1
    assert reason in answer.errors


async def test_a_shop_with_a_mail_server_keeps_no_files(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, {"MAIL_URL": "smtp://mail.example.com"})
    assert "MAIL_URL" in (await terminal.run("mail")).errors
