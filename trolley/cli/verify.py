"""`trolley verify`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from trolley.cli.console import console, errors, execute, print_json
from trolley.environment import operator_environment
from trolley.verify.findings import ConsistencyCheck, Finding, FindingOutcome, FindingTally
from trolley.verify.runner import Run
from trolley.verify.shop import all_checks, open_shop

DRIFT, COULD_NOT_LOOK = 1, 2

_SHOWN_PER_CHECK = 20
_STYLES = {FindingOutcome.FOUND: "yellow", FindingOutcome.REPAIRED: "green", FindingOutcome.LEFT: "red"}
_COUNTS = ("looked_at", "found", "repaired", "left")


def verify(
    *,
    fix: Annotated[bool, typer.Option("--fix", help="Repair the disagreements.")] = False,
    pending_seconds: Annotated[
        float, typer.Option(help="The seconds that an event may wait for its delivery.", min=0)
    ] = 60,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print a line of JSON for each finding, and one with the counts at the end."
        ),
    ] = False,
) -> None:
    """Compare the store with the buckets and the cache, whether the shop is open or not.

    The store is right. Each finding is checked again a second later, so writes under way do not count. Ends
    with status 0 if everything agrees or was repaired, 1 if a disagreement is left, and 2 if something could
    not be checked.
    """
    report = VerificationReport(as_json=as_json)
    tallies = execute(_verify(report, pending_seconds, fix=fix), failure=COULD_NOT_LOOK)
    report.finish(tallies)
    if any(tally.left for tally in tallies.values()):
        raise typer.Exit(DRIFT)


async def _verify(
    report: VerificationReport, pending_seconds: float, *, fix: bool
) -> dict[str, FindingTally]:
    tallies: dict[str, FindingTally] = {}
    async with open_shop(operator_environment(running=False)) as shop:
        with report.progress:
            for check in all_checks(shop, pending_seconds):
                report.begin(check)
                tallies[check.name] = await Run(check, report, fix=fix).run()
                report.end(check, tallies[check.name])
    return tallies


class VerificationReport:
    """A `Listener`. With `as_json` it prints only JSON on standard output, and the progress on standard
    error."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._shown: Counter[str] = Counter()
        self._tasks: dict[str, TaskID] = {}
        self.progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description:<22}"),
            TextColumn("{task.completed:>9,} looked at"),
            TextColumn("{task.fields[found]:>7,} found"),
            TextColumn("{task.fields[repaired]:>7,} repaired"),
            TimeElapsedColumn(),
            console=errors if as_json else console,
            transient=True,
            disable=not (errors if as_json else console).is_terminal,
        )

    def begin(self, check: ConsistencyCheck) -> None:
        self._tasks[check.name] = self.progress.add_task(check.name, total=None, found=0, repaired=0)

    def end(self, check: ConsistencyCheck, tally: FindingTally) -> None:
        self.progress.update(self._tasks[check.name], total=tally.looked_at)

    def looked(self, check: ConsistencyCheck, tally: FindingTally) -> None:
        self.progress.update(
            self._tasks[check.name],
            completed=tally.looked_at,
            found=tally.found,
            repaired=tally.repaired,
        )

    def found(self, finding: Finding, outcome: FindingOutcome) -> None:
        if self._as_json:
            print_json({**asdict(finding), "outcome": outcome.value})
            return
        self._shown[finding.check] += 1
        if self._shown[finding.check] > _SHOWN_PER_CHECK:
            return
        line = Text.assemble(
            (f"{outcome.value:<8}", _STYLES[outcome]),
            f" {finding.check}: ",
            (finding.what, "bold"),
            f" {finding.detail}",
        )
        self.progress.console.print(line, highlight=False, soft_wrap=True)

    def finish(self, tallies: Mapping[str, FindingTally]) -> None:
        """Prints the counts of every check."""
        if self._as_json:
            checks = {name: {**asdict(tally), "left": tally.left} for name, tally in tallies.items()}
            total = {name: sum(counts[name] for counts in checks.values()) for name in _COUNTS}
            print_json({"checks": checks, **total})
            return
        hidden = sum(max(0, shown - _SHOWN_PER_CHECK) for shown in self._shown.values())
        if hidden:
            console.print(f"… and {hidden:,} more. `--json` shows all of them.", style="dim")
        console.print(_table(tallies))


def _table(tallies: Mapping[str, FindingTally]) -> Table:
    table = Table("Check", title="Does everything agree?")
    for heading in ("Looked at", "Found", "Repaired", "Left"):
        table.add_column(heading, justify="right")
    for name, tally in tallies.items():
        style = "red" if tally.left else "green" if tally.repaired else None
        counts = (tally.looked_at, tally.found, tally.repaired, tally.left)
        table.add_row(name, *(f"{count:,}" for count in counts), style=style)
    return table
