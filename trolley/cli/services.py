"""`trolley services`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Annotated, Any

import typer
from rich.text import Text

from trolley.cli.console import console, execute, fail
from trolley.cli.identity import UrlOption
from trolley.client import require_success, shop_client
from trolley.environment import operator_environment, shop_url
from trolley.openapi.operations import ApiOperation, operations_of

_STYLES = {"get": "green", "delete": "red"}


def services(
    word: Annotated[
        str, typer.Argument(help="Show only routes with this word in their path or summary.")
    ] = "",
    *,
    url: UrlOption = None,
) -> None:
    """Show the services and their routes, for `call`.

    Example:
        trolley services promo
    """
    document = execute(_document(shop_url(operator_environment(url=url), url)))
    found = [route for route in operations_of(document) if word.lower() in _line_of(route).lower()]
    if not found:
        fail(f"No route has {word!r} in its path or summary.")
    for line in lines_of(found):
        console.print(line, soft_wrap=True, highlight=False)


async def _document(base_url: str) -> dict[str, Any]:
    async with shop_client(base_url) as client:
        document: dict[str, Any] = require_success(await client.get("/openapi.json"))
        return document


def lines_of(routes: Sequence[ApiOperation]) -> Iterable[Text]:
    """A line for each route, under its service. Paths are not cut, so they can be copied."""
    width = max(len(route.path) for route in routes)
    for service, members in groupby(routes, key=lambda route: route.service):
        yield Text(service, style="bold")
        for route in members:
            yield Text.assemble(
                "  ",
                (f"{route.method.upper():<7}", _STYLES.get(route.method, "yellow")),
                f"{route.path:<{width}}  ",
                (route.summary, "dim"),
            )


def _line_of(route: ApiOperation) -> str:
    return f"{route.method} {route.path} {route.summary}"
