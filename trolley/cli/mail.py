"""`trolley mail`."""

from __future__ import annotations

from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from auth_service.mail.folder import newest_first
from auth_service.mail.settings import FILES
from trolley.cli.console import console, report_failures
from trolley.environment import operator_environment
from trolley.errors import CommandFailed
from trolley.invocation import command, make

app = typer.Typer(help="The mails that the shop wrote to files.", invoke_without_command=True)

ForOption = Annotated[str | None, typer.Option("--for", help="Only mails to this address.")]


@app.callback()
def mail(context: typer.Context, *, address: ForOption = None) -> None:
    """The mails that the shop wrote to files, the newest first.

    A shop without MAIL_URL writes its mails to files and sends none. `show` prints one.
    """
    if context.invoked_subcommand is None:
        with report_failures():
            found = mails(address)
        console.print(_table(found))
    else:
        context.obj = address


@app.command()
def show(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="Its number in the list; 1 is the newest.", min=1)] = 1,
    *,
    address: ForOption = None,
) -> None:
    """Print a mail as text, the newest one unless another number is given."""
    with report_failures():
        found = mails(address or context.obj)
        if number > len(found):
            raise CommandFailed(
                f"There are {len(found)} mails to choose from. `{command('mail')}` lists them."
            )
    chosen = found[number - 1]
    for name in ("From", "To", "Date", "Subject"):
        console.print(f"{name}: {chosen[name]}", soft_wrap=True)
    body = chosen.get_body(("plain",))
    text = str(body.get_content()) if body else ""
    console.print("\n" + text.replace("\r\n", "\n").strip(), soft_wrap=True)


def mails(address: str | None = None) -> Sequence[EmailMessage]:
    """The mails in the file outbox of the shop, the newest first. Raises `CommandFailed` if it has none."""
    environment = operator_environment(running=False)
    folder = environment.get("MAIL_DIRECTORY")
    if environment.get("MAIL_URL", FILES) != FILES:
        raise CommandFailed("This shop sends its mails to the mail server of MAIL_URL, and keeps no files.")
    if not folder:
        raise CommandFailed(f"No shop was found on this machine. Start it with `{make('run')}`.")
    found = [_read(path) for path in newest_first(Path(folder))]
    chosen = [each for each in found if address is None or address.casefold() in str(each["To"]).casefold()]
    if not chosen:
        whose = f" to {address}" if address else ""
        raise CommandFailed(f"There are no mails{whose} in {folder} (MAIL_DIRECTORY).")
    return chosen


def _read(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def _table(found: Sequence[EmailMessage]) -> Table:
    table = Table("", "At", "To", "Subject", title="Mails")
    for column in table.columns:
        column.overflow = "fold"
    for number, each in enumerate(found, 1):
        at = each["Date"].datetime.astimezone().strftime("%H:%M:%S")
        table.add_row(str(number), at, str(each["To"]), str(each["Subject"]))
    return table
