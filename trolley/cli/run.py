"""`trolley run`."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.panel import Panel
from rich.text import Text

from shared.errors import ShopError
from shared.settings import ServiceSettings
from trolley.catalogue import demo, demo_wanted
from trolley.cli.completion import complete_scale
from trolley.cli.console import coloured, console, describe_os_error, execute, say, warn
from trolley.cli.migrate import describe
from trolley.cli.seed import load
from trolley.environment import settings_from
from trolley.errors import CommandFailed
from trolley.invocation import REPOSITORY, command
from trolley.local.environment import gateway_port, read_environment
from trolley.local.lock import sole_run
from trolley.local.ports import require_free
from trolley.local.programs import MODULES
from trolley.local.runner import run_until_interrupted
from trolley.local.stack import LocalStack
from trolley.migration import migrate_all
from trolley.operations import Operator
from trolley.shops import DATA, own_folders, pointed_out

_DATED = re.compile(r"(\d\d:\d\d:\d\d) \w+  ")
_PROBLEM = re.compile(r"^(warning|error|critical): .*|  5\d\d  [\d.]+ ms$")
_STYLES = {"auth": "magenta", "products": "green", "cart": "cyan", "gateway": "blue"}


def run(
    *,
    scale: Annotated[
        list[str] | None,
        typer.Option(
            help="Replicas of a service, as in --scale cart=3; repeatable.", autocompletion=complete_scale
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port of the shop. [GATEWAY_PORT, else 3000]", min=1, max=65_535)
    ] = None,
    reload: Annotated[
        bool, typer.Option("--reload", help="Restart a service when its code changes.")
    ] = False,
    seed: Annotated[
        bool, typer.Option(help="Load the demo catalogue into an empty shop, unless SEED_DEMO=false.")
    ] = True,
    data: Annotated[
        Path, typer.Option(help="The folder of all data.", show_default=".data in the clone")
    ] = REPOSITORY / DATA,
) -> None:
    """Run the whole shop on this machine until Ctrl-C.

    Starts Traefik, NATS, Redis and the three services, with SQLite as the store. NATS_URL, REDIS_URL and
    ELASTICSEARCH_URL, from the environment or .env, choose other servers. The next run continues with the
    data in --data.
    """
    execute(_run(scale or [], port, data, reload=reload, seed=seed))


async def _run(scale: list[str], port: int | None, data: Path, *, reload: bool, seed: bool) -> None:
    environment = {"LOG_FORMAT": "console", "HTTP_DRAIN_SECONDS": "3", **read_environment()}
    replicas = parse_scale(scale)
    stack = LocalStack(
        data,
        gateway_port=port or gateway_port(environment),
        scale=replicas,
        environment=environment,
        output=LinePrinter(replicas),
        supervise=True,
    )

    async def when_ready(held: ExitStack) -> None:
        _point_out(stack, held)
        if seed:
            await _seed(stack)
        console.print(summary(stack))

    os.umask(0o077)  # whatever a run writes is for this user alone
    with ExitStack() as held:
        held.enter_context(sole_run(stack.directory))
        require_free(stack.gateway_port, "GATEWAY_PORT")
        await _migrate(stack)
        console.print("Starting the shop …")
        await run_until_interrupted(stack, partial(when_ready, held), say, reload=reload)


def _point_out(stack: LocalStack, held: ExitStack) -> None:
    """Lets commands in all folders find the shop, if the user's state folder can be written."""
    try:
        held.enter_context(pointed_out(stack.directory))
    except OSError as error:
        warn(f"{describe_os_error(error)}; commands from other folders need --shop {stack.directory}.")


async def _migrate(stack: LocalStack) -> None:
    """Migrates the embedded store of an earlier release. No other process uses it."""
    directory = Path(stack.environment.get("SQLITE_DIRECTORY") or stack.directory / "store")
    if stack.environment.get("ELASTICSEARCH_URL") or not await asyncio.to_thread(directory.exists):
        return
    settings = settings_from(ServiceSettings, {**stack.environment, "SQLITE_DIRECTORY": str(directory)})
    async for report in migrate_all(settings):
        if report.was_needed and report.from_version is not None:
            console.print(describe(report))


async def _seed(stack: LocalStack) -> None:
    """Loads the demo catalogue. A failure is printed, and the shop runs without it."""
    try:
        if demo_wanted(stack.environment):
            await load(demo(), stack.base_url, Operator(stack.environment).token, if_empty=True)
    except (CommandFailed, ShopError) as error:
        console.print(Text("The demo catalogue was not loaded:", "yellow"), str(error), highlight=False)


def parse_scale(entries: list[str]) -> dict[str, int]:
    """`["cart=3"]` as `{"cart": 3}`. Raises `CommandFailed` for anything else."""
    scale = {}
    for entry in entries:
        service, _, count = entry.partition("=")
        if service not in MODULES or not count.isdecimal() or not 1 <= int(count) <= 16:
            raise CommandFailed(
                f"--scale takes one of {', '.join(MODULES)} and 1 to 16, as in cart=3, not {entry!r}."
            )
        scale[service] = int(count)
    return scale


class LinePrinter:
    """Prints the lines of the processes: the time, the process, the text. The only replica of a service has
    the service's name."""

    def __init__(self, scale: Mapping[str, int]) -> None:
        self._scale = scale

    def __call__(self, process: str, line: str) -> None:
        console.print(self.text_of(process, line), soft_wrap=True, highlight=False)

    def text_of(self, process: str, line: str) -> Text:
        service = process.partition("-")[0]
        name = process if self._scale.get(service, 1) > 1 else service
        dated = _DATED.match(line)
        time, rest = (dated[1], line[dated.end() :]) if dated else ("", line)
        text = coloured(rest)
        text.highlight_regex(_PROBLEM, "red")
        return Text.assemble(
            (f"{time:<8} ", "dim"), (f"{name:<10}", _STYLES.get(service, "yellow")), "  ", text
        )


def summary(stack: LocalStack) -> Panel:
    """The addresses and commands of the running shop."""
    address = f"http://localhost:{stack.gateway_port}"
    replicas = ", ".join(f"{service} × {count}" for service, count in stack.scale.items())
    # Without a choice a command works on the shop of its folder or clone, which may be another one.
    chosen = () if stack.directory == own_folders()[0] else ("--shop", str(stack.gateway_port))
    store = "Elasticsearch" if stack.environment.get("ELASTICSEARCH_URL") else "SQLite"
    rows = [
        ("Try it", f"{address}/docs"),
        ("API", f"{address}/api/v1"),
        ("Dashboard", f"{stack.internal_url}/dashboard/"),
        ("Running", f"{replicas}, on {store}"),
        ("Data", f"{stack.directory} (delete it to start afresh)"),
        ("Admin", command(*chosen, "users", "create", "--admin")),
        ("Call it", command(*chosen, "call", "GET", "/api/v1/cart", "--as", "guest")),
        ("More", command("--help")),
        ("Stop", "Ctrl-C"),
    ]
    text = Text("\n").join(Text.assemble((f"{label:<10}", "bold"), value) for label, value in rows)
    return Panel(text, title="The shop is open", border_style="green", expand=False)
