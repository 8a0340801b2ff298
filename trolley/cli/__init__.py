"""The operator's command line: one module per command."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from shared import __version__
from shared.observability.logging import configure_logging
from shared.settings import LogFormat
from trolley.cli.commands import Commands
from trolley.cli.console import report_failures
from trolley.environment import checked_address
from trolley.invocation import invocation
from trolley.shops import CHOICE

_COMPLETE = "_TROLLEY_COMPLETE"


class Root(TyperGroup):
    """Reports failures of reading arguments and settings like other failures. The usage lines in its messages
    work when they are pasted."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = Commands()

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(self.commands)

    def main(
        self, args: Sequence[str] | None = None, prog_name: str | None = None, *rest: Any, **extra: Any
    ) -> Any:
        words = sys.argv[1:] if args is None else list(args)
        # The shell completes a command by the last part of its path.
        is_completion = _COMPLETE in os.environ or any(word.endswith("-completion") for word in words)
        name = "trolley" if is_completion else (prog_name or invocation())
        return super().main(words, name, _COMPLETE, *rest[1:], **extra)

    def invoke(self, ctx: Any) -> Any:
        with report_failures():
            return super().invoke(ctx)


app = typer.Typer(
    name="trolley", cls=Root, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
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
            help="The shop: the port or the folder of one that runs on this machine, or an address. "
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
    # The commands report their failures themselves.
    configure_logging("error", LogFormat.CONSOLE, "trolley")


def choose(shop: str) -> None:
    """Chooses the shop for this process, so all lines of a shell work on the same shop."""
    os.environ.pop(CHOICE, None)
    os.environ.pop("TROLLEY_URL", None)
    if "://" in shop:
        os.environ["TROLLEY_URL"] = checked_address(shop)
    else:
        os.environ[CHOICE] = shop
