"""`trolley migrate`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from auth_service.accounts.address_migration import AddressFinding
from auth_service.accounts.emails import normalise_email
from shared.settings import ServiceSettings
from shared.store.ports import MigrationReport
from trolley.cli.console import console, execute
from trolley.environment import operator_environment, require_store, settings_from
from trolley.invocation import command
from trolley.migration import migrate_addresses, migrate_all


def migrate(
    *,
    address: Annotated[
        list[str] | None,
        typer.Option(
            metavar="USER_ID=ADDRESS",
            help="First give this account another e-mail address; for one that the former run reported.",
        ),
    ] = None,
) -> None:
    """Bring every collection to the schema of this release, and every e-mail address to its form.

    It is safe while the former release runs: its writes are migrated as well. It does not change what is up
    to date, so you can run it at every deployment. It reports accounts whose address is that of another
    account now, or is not accepted any more; nothing of them is lost, but they cannot sign in until they get
    another address.
    """
    wanted = dict(map(_assignment, address or ()))
    settings = _settings()
    for report in execute(_migrate(settings)):
        console.print(describe(report))
    for finding in execute(_migrate_addresses(settings, wanted)):
        console.print(describe_address(finding), soft_wrap=True)


def _assignment(text: str) -> tuple[str, str]:
    user_id, equals, address = text.partition("=")
    try:
        if not (user_id and equals):
            raise ValueError("Write it as USER_ID=ADDRESS.")
        return user_id, normalise_email(address)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--address") from error


def _settings() -> ServiceSettings:
    environment = operator_environment(running=False)
    require_store(environment)
    return settings_from(ServiceSettings, environment)


async def _migrate_addresses(settings: ServiceSettings, wanted: dict[str, str]) -> list[AddressFinding]:
    return [finding async for finding in migrate_addresses(settings, wanted)]


async def _migrate(settings: ServiceSettings) -> list[MigrationReport]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        tasks: dict[str, TaskID] = {}

        def show_progress(name: str, read: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=None)
            progress.update(tasks[name], completed=read)

        return [report async for report in migrate_all(settings, show_progress)]


def describe(report: MigrationReport) -> Text:
    """The report as one line of text."""
    if not report.was_needed:
        return Text(f"{report.collection}: up to date (version {report.to_version})", "dim")
    before = "made" if report.from_version is None else f"version {report.from_version} →"
    kept = f"; the former index {report.kept_index} can be deleted" if report.kept_index else ""
    done = f"{before} version {report.to_version}, {report.documents:,} documents"
    return Text.assemble((f"{report.collection}:", "green"), f" {done}{kept}")


def describe_address(finding: AddressFinding) -> Text:
    """The finding as one line of text, with what to do."""
    address, user = finding.address, finding.user_id
    if finding.outcome == "moved":
        return Text.assemble(("addresses:", "green"), f" account {user} has {address} now")
    remedy = f"`{command('migrate')} --address {user}=ADDRESS` gives it another one"
    if finding.outcome == "refused":
        problem = "is not accepted any more"
    else:
        problem = f"is also that of account {finding.kept_by}, which keeps it"
    return Text.assemble(("addresses:", "yellow"), f" {address} of account {user} {problem}; {remedy}")
