"""The file outbox."""

from __future__ import annotations

import asyncio
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auth_service.mail.folder import MailFolder, newest_first
from auth_service.mail.message import MessageWriter
from auth_service.mail.model import Mail, MailKind
from auth_service.mail.ports import MailServerAway
from tests.support.mails import read_mail

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
WRITER = MessageWriter(shop_name="Trolley", sender="shop@localhost", shop_url="")


def message(number: int, to: str = "ana@example.com") -> object:
    date = NOW + timedelta(seconds=number)
    return WRITER.message(Mail(f"m{number}", MailKind.RESET, to, date, date, "WDJB-MJHT"))


async def send(folder: MailFolder, number: int) -> None:
    await folder.send(message(number), "ana@example.com")  # type: ignore[arg-type]


async def test_a_mail_is_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    await send(MailFolder(tmp_path / "mail"), 1)
    [path] = newest_first(tmp_path / "mail")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert read_mail(path.read_bytes())["To"] == "ana@example.com"


async def test_the_newest_are_kept_however_many_come_at_once(tmp_path: Path) -> None:
    folder = MailFolder(tmp_path, kept=5)
    await asyncio.gather(*(send(folder, number) for number in range(20)))
    await send(folder, 20)
    kept = [read_mail(path.read_bytes())["Date"].datetime for path in newest_first(tmp_path)]
    assert kept == [NOW + timedelta(seconds=number) for number in (20, 19, 18, 17, 16)]
    assert len(newest_first(tmp_path)) == 5


async def test_a_mail_that_is_sent_again_is_there_once(tmp_path: Path) -> None:
    folder = MailFolder(tmp_path)
    await send(folder, 1)
    await send(folder, 1)
    assert len(newest_first(tmp_path)) == 1


async def test_a_folder_that_cannot_be_written_is_a_server_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file")
    with pytest.raises(MailServerAway, match="MAIL_DIRECTORY"):
        await send(MailFolder(tmp_path / "mail"), 1)
