"""`trolley migrate`."""

from __future__ import annotations

from functools import partial

from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from shared.settings import ServiceSettings
from shared.store.factory import create_store_factory
from shared.store.migrations import MigrationReport
from shared.store.migrations import migrate as migrate_collection
from trolley.cli.console import console, execute
from trolley.collections import COLLECTIONS
from trolley.environment import operator_environment, settings_from


def migrate() -> None:
    """Bring every collection to the schema of this release.

    Safe while the former release runs: what it writes meanwhile is taken along. A collection that is up to
    date is left alone, so it can be run at every deployment.
    """
    for report in execute(_migrate()):
        console.print(describe(report))


async def _migrate() -> list[MigrationReport]:
    factory = create_store_factory(settings_from(ServiceSettings, operator_environment()))
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    reports = []
    try:
        await factory.ping()
        with Progress(*columns, console=console, transient=True) as progress:
            for collection in COLLECTIONS:
                task = progress.add_task(collection.name, total=None)
                told = partial(_tell, progress, task)
                reports.append(await migrate_collection(factory, collection, told))
    finally:
        await factory.close()
    return reports


def _tell(progress: Progress, task: TaskID, read: int) -> None:
    progress.update(task, completed=read)


def describe(report: MigrationReport) -> str:
    """One line for a person."""
    if not report.was_needed:
        return f"[dim]{report.collection}: up to date (version {report.to_version})[/]"
    before = "made" if report.from_version is None else f"version {report.from_version} →"
    kept = f"; the former index {report.kept_index} can be deleted" if report.kept_index else ""
    done = f"{before} version {report.to_version}, {report.documents:,} documents"
    return f"[green]{report.collection}:[/] {done}{kept}"
