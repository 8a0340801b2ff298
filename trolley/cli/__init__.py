"""The operator's command line: one module per command."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from shared import __version__
from shared.observability.logging import configure_logging
from shared.settings import LogFormat
from trolley.cli import (
    bench,
    call,
    dead_letters,
    emit,
    events,
    keys,
    migrate,
    nodes,
    run,
    seed,
    services,
    shell,
    users,
    verify,
)
from trolley.cli.console import failures_told
from trolley.environment import checked_address
from trolley.invocation import invocation
from trolley.shops import CHOICE

_COMPLETE = "_TROLLEY_COMPLETE"


class Commands(TyperGroup):
    """What fails while a command reads its arguments and settings is told like the rest. What is said of how
    to type a command works when it is pasted."""

    def main(
        self, args: Sequence[str] | None = None, prog_name: str | None = None, *rest: Any, **extra: Any
    ) -> Any:
        words = sys.argv[1:] if args is None else list(args)
        # The shell completes a command by its last part, however it is typed.
        is_completion = _COMPLETE in os.environ or any(word.endswith("-completion") for word in words)
        name = "trolley" if is_completion else (prog_name or invocation())
        return super().main(words, name, _COMPLETE, *rest[1:], **extra)

    def invoke(self, ctx: Any) -> Any:
        with failures_told():
            return super().invoke(ctx)


app = typer.Typer(
    name="trolley", cls=Commands, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"trolley {__version__}")
        raise typer.Exit


@app.callback()
def trolley(
    *,
    shop: Annotated[
        str | None,
        typer.Option(
            help="Which shop: the port or the folder of one that runs on this machine, or an address. "
            "[TROLLEY_SHOP, else the one that runs]"
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")
    ] = False,
) -> None:
    """Run the shop, fill it, look after it. Every command has --help."""
    del version
    if shop is not None:
        choose(shop)
    # The commands say themselves what went wrong.
    configure_logging("error", LogFormat.CONSOLE, "trolley")


def choose(shop: str) -> None:
    """For this process, so that every line of a shell means the same shop."""
    os.environ.pop(CHOICE, None)
    os.environ.pop("TROLLEY_URL", None)
    if "://" in shop:
        os.environ["TROLLEY_URL"] = checked_address(shop)
    else:
        os.environ[CHOICE] = shop


def help_of(function: Callable[..., Any]) -> str:
    """The docstring. Its examples, which begin with `    trolley`, are shown as they have to be typed here,
    and are never wrapped."""
    text = inspect.cleandoc(function.__doc__ or "")
    return text.replace("Example:\n", "\b\nExample:\n").replace("\n    trolley ", f"\n    {invocation()} ")


_COMMANDS: dict[str, Callable[..., Any]] = {
    "run": run.run,
    "seed": seed.seed,
    "call": call.call,
    "bench": bench.bench,
    "services": services.services,
    "nodes": nodes.nodes,
    "events": events.events,
    "emit": emit.emit,
    "migrate": migrate.migrate,
    "verify": verify.verify,
    "shell": shell.shell,
}
for name, function in _COMMANDS.items():
    text = help_of(function)
    app.command(name, help=text, short_help=" ".join(text.partition("\n\n")[0].split()))(function)
app.add_typer(users.app, name="users")
app.add_typer(keys.app, name="keys")
app.add_typer(dead_letters.app, name="dead-letters")
