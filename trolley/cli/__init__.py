"""The operator's command line: one module per command."""

from __future__ import annotations

import typer

from trolley.cli import call, migrate, nodes, run, seed, shell, users

app = typer.Typer(
    name="trolley",
    help="Run the shop, fill it, look after it. Every command has --help.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
)
app.command("run")(run.run)
app.command("seed")(seed.seed)
app.command("call")(call.call)
app.command("nodes")(nodes.nodes)
app.command("migrate")(migrate.migrate)
app.command("shell")(shell.shell)
app.add_typer(users.app, name="users")
