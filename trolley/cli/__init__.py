"""The operator's command line: one module per command."""

from __future__ import annotations

import typer

from shared.observability.logging import configure_logging
from shared.settings import LogFormat
from trolley.cli import call, dead_letters, keys, migrate, nodes, run, seed, shell, users, verify

app = typer.Typer(
    name="trolley",
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
app.command("nodes")(nodes.nodes)
app.command("migrate")(migrate.migrate)
app.command("verify")(verify.verify)
app.command("shell")(shell.shell)
app.add_typer(users.app, name="users")
app.add_typer(keys.app, name="keys")
app.add_typer(dead_letters.app, name="dead-letters")
