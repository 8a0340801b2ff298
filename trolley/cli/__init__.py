"""The operator's command line: one module per command."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from shared.observability.logging import configure_logging
from shared.settings import LogFormat
from trolley.cli import (
    call,
    dead_letters,
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


class Commands(TyperGroup):
    """What fails while a command reads its arguments and settings is told like the rest."""

    def invoke(self, ctx: Any) -> Any:
        with failures_told():
            return super().invoke(ctx)


app = typer.Typer(
    name="trolley",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
)


@app.callback()
def trolley() -> None:
    """Run the shop, fill it, look after it. Every command has --help."""
    # The commands say themselves what went wrong.
    configure_logging("error", LogFormat.CONSOLE, "trolley")


app.command("run")(run.run)
app.command("seed")(seed.seed)
app.command("call")(call.call)
app.command("services")(services.services)
app.command("nodes")(nodes.nodes)
app.command("events")(events.events)
app.command("migrate")(migrate.migrate)
app.command("verify")(verify.verify)
app.command("shell")(shell.shell)
app.add_typer(users.app, name="users")
app.add_typer(keys.app, name="keys")
app.add_typer(dead_letters.app, name="dead-letters")
