"""`trolley migrate`."""

from __future__ import annotations

from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from shared.settings import ServiceSettings
from shared.store.ports import MigrationReport
from trolley.cli.console import console, execute
from trolley.environment import operator_environment, require_store, settings_from
from trolley.migration import migrate_all


def migrate() -> None:
    """Bring every collection to the schema of this release.

    It is safe while the former release runs: its writes are migrated as well. It does not change a collection
    that is up to date, so you can run it at every deployment.
    """
    for report in execute(_migrate()):
        console.print(describe(report))


async def _migrate() -> list[MigrationReport]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    environment = operator_environment()
    require_store(environment)
    settings = settings_from(ServiceSettings, environment)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        tasks: dict[str, TaskID] = {}

        def show_progress(name: str, read: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=None)
            progress.update(tasks[name], completed=read)

        return [report async for report in migrate_all(settings, show_progress)]


def describe(report: MigrationReport) -> str:
    """The report as one line of text."""
    if not report.was_needed:
        return f"[dim]{report.collection}: up to date (version {report.to_version})[/]"
    before = "made" if report.from_version is None else f"version {report.from_version} →"
    kept = f"; the former index {report.kept_index} can be deleted" if report.kept_index else ""
    done = f"{before} version {report.to_version}, {report.documents:,} documents"
    return f"[green]{report.collection}:[/] {done}{kept}"
