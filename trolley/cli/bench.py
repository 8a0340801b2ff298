"""`trolley bench`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Annotated

import httpx
import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from trolley.cli.call import (
    DataOption,
    HeaderOption,
    MethodArgument,
    PathArgument,
    body_of,
    checked_method,
    full_path,
    headers_of,
)
from trolley.cli.console import console, execute, fail, print_json
from trolley.cli.identity import UrlOption, WhoOption, identity_of
from trolley.client import shop_client
from trolley.environment import operator_environment, shop_url
from trolley.errors import CommandFailed
from trolley.events import parse_age
from trolley.load import MOST_CONNECTIONS, MOST_REQUESTS, MOST_SECONDS, LoadPlan, LoadResult, run
from trolley.sessions import KeptIdentity

_SHARES = {"50 %": 0.5, "90 %": 0.9, "99 %": 0.99, "99.9 %": 0.999, "slowest": 1.0}


def bench(
    method: MethodArgument,
    path: PathArgument,
    *,
    connections: Annotated[
        int,
        typer.Option("--connections", "-c", help="Connections at once.", min=1, max=MOST_CONNECTIONS),
    ] = 16,
    duration: Annotated[str, typer.Option(help="Duration, as in 10s or 2m; at most 5m.")] = "10s",
    count: Annotated[
        int | None,
        typer.Option("--count", "-n", help="Stop after this number of requests.", min=1, max=MOST_REQUESTS),
    ] = None,
    who: WhoOption = None,
    data: DataOption = None,
    header: HeaderOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
    remote: Annotated[
        bool, typer.Option("--remote", help="Allow a shop that is not on this machine.")
    ] = False,
    url: UrlOption = None,
) -> None:
    """Measure a route: requests a second, and their latencies.

    Each connection sends a request when its last one was answered. The client shares the machine with the
    shop. Ends with status 1 if a request got no answer, or an answer from 500 on.

    Example:
        trolley bench GET /products
        trolley bench GET /cart/summary --as guest -c 32 --count 1000
    """
    seconds = checked_duration(duration) if count is None else MOST_SECONDS
    verb, target, headers, body = (
        checked_method(method),
        full_path(path),
        headers_of(header or [], data),
        body_of(data),
    )
    environment = operator_environment(url=url)
    base_url = shop_url(environment, url)
    if not remote and not is_loopback(base_url):
        fail(f"{base_url} is not on this machine. Add --remote to send load to another machine.")
    identity = identity_of(who, base_url, environment) if who else None
    request = httpx.Request(verb, base_url + target, headers=headers, content=body)
    plan = LoadPlan(request, connections, seconds, count or MOST_REQUESTS)
    result = execute(_measure(base_url, plan, identity, quiet=as_json))
    report(result, as_json=as_json)
    if result.failures or any(status >= 500 for status in result.statuses) or not result.answers:
        raise typer.Exit(1)


async def _measure(
    base_url: str, plan: LoadPlan, identity: KeptIdentity | None, *, quiet: bool
) -> LoadResult:
    if identity:
        async with shop_client(base_url) as client:
            plan.request.headers["Authorization"] = f"Bearer {await identity.token(client)}"
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} answers"), TimeElapsedColumn())
    progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with nullcontext() if quiet else progress:
        task = progress.add_task("bench", total=None)
        return await run(plan, lambda result: progress.update(task, completed=result.answers))


def checked_duration(text: str) -> float:
    """In seconds. Raises `typer.BadParameter`."""
    try:
        seconds = parse_age(text, "--duration").total_seconds()
    except CommandFailed as error:
        raise typer.BadParameter(str(error), param_hint="--duration") from error
    if not 0 < seconds <= MOST_SECONDS:
        raise typer.BadParameter(f"give 1s to {MOST_SECONDS}s, not {text!r}.", param_hint="--duration")
    return seconds


def is_loopback(address: str) -> bool:
    host = httpx.URL(address).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def report(result: LoadResult, *, as_json: bool) -> None:
    """Prints the figures. The milliseconds are those of answers with any status."""
    latencies = dict(zip(_SHARES, result.percentiles(list(_SHARES.values())), strict=False))
    if as_json:
        figures = {
            "seconds": round(result.seconds, 3),
            "answers": result.answers,
            "per_second": round(result.per_second, 1),
            "milliseconds": {name: round(value, 2) for name, value in latencies.items()},
            "statuses": {str(status): number for status, number in sorted(result.statuses.items())},
            "failures": dict(result.failures),
        }
        print_json(figures)
        return
    rate = (f"{result.per_second:,.0f} a second", "bold")
    console.print(Text.assemble(f"{result.answers:,} answers in {result.seconds:.1f} s: ", rate))
    console.print(_table("Milliseconds", latencies.items()))
    statuses = {str(status): number for status, number in sorted(result.statuses.items())}
    console.print(_table("Answers", [*statuses.items(), *result.failures.items()]))


def _table(title: str, rows: Iterable[tuple[str, float]]) -> Table:
    table = Table(title, "", show_header=True)
    table.columns[1].justify = "right"
    for name, value in rows:
        table.add_row(name, f"{value:,.2f}" if isinstance(value, float) else f"{value:,}")
    return table
