"""The output of `trolley verify`: a table, or a line of JSON for each finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from trolley.cli.console import console, errors
from trolley.verify.findings import ConsistencyCheck, Finding, FindingOutcome, FindingTally

_SHOWN_PER_CHECK = 20
_STYLES = {FindingOutcome.FOUND: "yellow", FindingOutcome.REPAIRED: "green", FindingOutcome.LEFT: "red"}


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
            _print_json({**asdict(finding), "outcome": outcome.value})
            return
        self._shown[finding.check] += 1
        if self._shown[finding.check] > _SHOWN_PER_CHECK:
            return
        line = f"[{_STYLES[outcome]}]{outcome.value:<8}[/] {finding.check}: [bold]{finding.what}[/]"
        self.progress.console.print(line, highlight=False, soft_wrap=True, end=" ")
        self.progress.console.print(finding.detail, markup=False, highlight=False, soft_wrap=True)

    def finish(self, tallies: Mapping[str, FindingTally]) -> None:
        """Prints the counts of every check."""
        if self._as_json:
            checks = {name: {**asdict(tally), "left": tally.left} for name, tally in tallies.items()}
            total = {name: sum(counts[name] for counts in checks.values()) for name in _COUNTS}
            _print_json({"checks": checks, **total})
            return
        hidden = sum(max(0, shown - _SHOWN_PER_CHECK) for shown in self._shown.values())
        if hidden:
            console.print(f"[dim]… and {hidden:,} more. `--json` shows all of them.[/]")
        console.print(_table(tallies))


_COUNTS = ("looked_at", "found", "repaired", "left")


def _print_json(value: Mapping[str, Any]) -> None:
    print(orjson.dumps(value).decode(), flush=True)  # noqa: T201  (rich would wrap it)


def _table(tallies: Mapping[str, FindingTally]) -> Table:
    table = Table("Check", title="Does everything agree?")
    for heading in ("Looked at", "Found", "Repaired", "Left"):
        table.add_column(heading, justify="right")
    for name, tally in tallies.items():
        style = "red" if tally.left else "green" if tally.repaired else None
        counts = (tally.looked_at, tally.found, tally.repaired, tally.left)
        table.add_row(name, *(f"{count:,}" for count in counts), style=style)
    return table
