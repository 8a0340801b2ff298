"""`trolley services`."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Annotated, Any

import typer
from rich.table import Table

from trolley.cli.console import console, execute, fail
from trolley.cli.options import UrlOption
from trolley.client import require_success, shop_client
from trolley.environment import operator_environment, shop_url
from trolley.routes import Route, routes_of

_COLOURS = {"GET": "green", "DELETE": "red"}


def services(
    word: Annotated[str, typer.Argument(help="Only routes with this word in path or summary.")] = "",
    *,
    url: UrlOption = None,
) -> None:
    """The services and their routes; `trolley call` calls them.

    Example: `trolley services promo`
    """
    document = execute(_document(url or shop_url(operator_environment())))
    found = [route for route in routes_of(document) if route.mentions(word)]
    if not found:
        fail(f"No route has {word!r} in its path or summary.")
    console.print(table_of(found))


async def _document(base_url: str) -> dict[str, Any]:
    async with shop_client(base_url) as client:
        document: dict[str, Any] = require_success(await client.get("/openapi.json"))
        return document


def table_of(routes: Iterable[Route]) -> Table:
    """A line for each route, with its service before the first of them."""
    table = Table("Service", "Method", "Path", "What it does")
    for service, members in groupby(routes, key=lambda route: route.service):
        for number, route in enumerate(members):
            colour = _COLOURS.get(route.method, "yellow")
            table.add_row(
                "" if number else service, f"[{colour}]{route.method}[/]", route.path, route.summary
            )
        table.add_section()
    return table
