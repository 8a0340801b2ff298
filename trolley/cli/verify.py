"""`trolley verify`."""

from __future__ import annotations

from typing import Annotated

import typer

from trolley.cli.console import execute
from trolley.cli.verify_report import VerificationReport
from trolley.environment import operator_environment
from trolley.verify.findings import FindingTally
from trolley.verify.runner import Run
from trolley.verify.shop import all_checks, open_shop

DRIFT, COULD_NOT_LOOK = 1, 2


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
    async with open_shop(operator_environment()) as shop:
        with report.progress:
            for check in all_checks(shop, pending_seconds):
                report.begin(check)
                tallies[check.name] = await Run(check, report, fix=fix).run()
                report.end(check, tallies[check.name])
    return tallies
