"""`trolley seed`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from trolley.catalogue import ProductDataset, completejourney, demo, demo_wanted
from trolley.cli.console import console, execute
from trolley.cli.identity import AdministratorOption, UrlOption, administrator
from trolley.environment import operator_environment, shop_url
from trolley.seeding import TokenSource, catalogue_is_empty, import_products


class Dataset(StrEnum):
    DEMO = "demo"
    COMPLETEJOURNEY = "completejourney"


def seed(
    *,
    dataset: Annotated[
        Dataset, typer.Option(help="completejourney: 92,331 real retail products (`make dataset`).")
    ] = Dataset.DEMO,
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Only if the shop has no products.")] = False,
    if_wanted: Annotated[
        bool, typer.Option("--if-wanted", help="Only if SEED_DEMO, or else ENVIRONMENT, asks for it.")
    ] = False,
    who: AdministratorOption = "admin",
    url: UrlOption = None,
) -> None:
    """Fill the catalogue.

    Products go through the public import route, which upserts by SKU, so a second run changes nothing.
    `--as admin` needs the shop's store. The account of an administrator works from any machine.
    """
    environment = operator_environment(url=url)
    if if_wanted and not demo_wanted(environment):
        console.print("SEED_DEMO, or else ENVIRONMENT, asks for no demo catalogue. Nothing was loaded.")
        return
    base_url = shop_url(environment, url)
    execute(_seed(dataset, base_url, administrator(who, base_url, environment), if_empty=if_empty))


async def _seed(dataset: Dataset, base_url: str, token: TokenSource, *, if_empty: bool) -> None:
    catalogue = demo() if dataset is Dataset.DEMO else completejourney()
    await load(catalogue, base_url, token, if_empty=if_empty)


async def load(catalogue: ProductDataset, base_url: str, token: TokenSource, *, if_empty: bool) -> None:
    """Streams a catalogue into the shop, with a progress bar. Raises `CommandFailed`."""
    if if_empty and not await catalogue_is_empty(base_url):
        console.print("The shop has products already. Nothing was loaded.")
        return
    await token()  # it fails before the progress bar is shown
    with _progress() as progress:
        task = progress.add_task(catalogue.name, total=catalogue.size)
        report = await import_products(
            base_url, token, catalogue.lines, lambda count: progress.advance(task, count)
        )
    show_report(report)


def show_report(report: dict[str, Any]) -> None:
    """Prints the counts and the first refused lines."""
    counts = ", ".join(
        f"{value:,} {name}" for name, value in report.items() if isinstance(value, int) and value
    )
    console.print(Text("Loaded:", "green"), f"{counts.replace('_', ' ') or 'nothing'}.")
    for error in report.get("errors", [])[:10]:
        console.print(str(error), style="red", highlight=False)


class _RateColumn(ProgressColumn):
    """Lines per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.completed / (task.elapsed or 1):,.0f} products/s")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeElapsedColumn(),
        console=console,
    )
