"""The file outbox: mails as files, for a shop on the developer's machine."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import suppress
from email import policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from auth_service.mail.ports import MailServerAway

KEPT_MAILS = 200
_POLICY = policy.SMTP.clone(utf8=True)


class MailFolder:
    """Writes each mail as a file that only its owner can read, and keeps the newest ones. A mail that is sent
    again replaces its file."""

    def __init__(self, folder: Path, *, kept: int = KEPT_MAILS) -> None:
        self._folder = folder
        self._kept = kept

    async def send(self, message: EmailMessage, to: str) -> None:
        del to  # it is in the message
        try:
            await asyncio.to_thread(self._write, message)
        except OSError as error:
            raise MailServerAway(
                f"The folder of mails (MAIL_DIRECTORY) is not writable: {error.strerror}."
            ) from None

    def _write(self, message: EmailMessage) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / file_name(message)
        descriptor, name = tempfile.mkstemp(dir=self._folder, prefix=".")  # made with 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(message.as_bytes(policy=_POLICY))
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
        for old in newest_first(self._folder)[self._kept :]:
            old.unlink(missing_ok=True)  # another replica may be faster


def newest_first(folder: Path) -> list[Path]:
    """The files of the mails in the folder, which may not exist yet. Mails of one second are in the order in
    which they were written."""
    return sorted(folder.glob("[0-9]*.eml"), key=_written, reverse=True)


def _written(path: Path) -> tuple[str, int]:
    try:
        return path.name.partition("-")[0], path.stat().st_mtime_ns
    except FileNotFoundError:  # another replica has removed it
        return "", 0


def file_name(message: EmailMessage) -> str:
    """`<time of the mail>-<its id>.eml`, so names sort by time."""
    time = parsedate_to_datetime(message["Date"])
    id = message["Message-ID"].strip("<>").partition("@")[0]
    return f"{time:%Y%m%dT%H%M%S}-{id}.eml"
