"""`trolley keys`."""

from __future__ import annotations

import typer

from shared.clock import to_rfc3339
from trolley.cli.console import console, execute
from trolley.environment import operator_environment
from trolley.operations import operate

app = typer.Typer(help="The keys that sign access tokens.", no_args_is_help=True)


@app.callback()
def keys() -> None:
    """The keys that sign access tokens."""


@app.command()
def rotate() -> None:
    """Make a new signing key, without signing anybody out.

    It is published at once, and signs when every replica knows it. The old key stays valid until its last
    tokens have expired.
    """
    key = execute(operate(operator_environment(), lambda operator: operator.rotate_keys()))
    console.print(f"[green]Key {key.kid} signs from {to_rfc3339(key.active_from)} on.[/]", highlight=False)
