"""`trolley keys`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from auth_service.keys.model import KeyState, SigningKey
from auth_service.operator import OperatorService
from shared.clock import to_rfc3339
from trolley.cli.console import console, execute, not_blank
from trolley.environment import operator_environment
from trolley.operations import operate

app = typer.Typer(help="The keys that sign access tokens.", no_args_is_help=True)


@app.callback()
def keys() -> None:
    """The keys that sign access tokens."""


@app.command("list")
def show() -> None:
    """Show the keys whose tokens are valid, and which of them signs."""

    async def listed(operator: OperatorService) -> list[tuple[SigningKey, KeyState]]:
        return operator.list_keys()

    table = Table("Key", "State", "Signs from", title="Signing keys")
    for key, state in execute(operate(operator_environment(), listed)):
        table.add_row(key.kid, state.value, to_rfc3339(key.active_from))
    console.print(table)


@app.command()
def revoke(
    kid: Annotated[str, typer.Argument(help="The id of the key, as `list` shows it.", callback=not_blank)],
) -> None:
    """Take a key out at once, for example because it leaked.

    Every access token that it signed is refused. A refresh token still gets another one. If the key is the
    one that signs, a new one is made, and signs at once.
    """
    key = execute(operate(operator_environment(), lambda operator: operator.revoke_key(kid)))
    console.print(f"Key {kid} is out. Key {key.kid} signs.", style="green", highlight=False)


@app.command()
def rotate() -> None:
    """Make a new signing key, without signing anybody out.

    It is published at once, and signs when every replica knows it. The old key stays valid until its last
    tokens have expired.
    """
    key = execute(operate(operator_environment(), lambda operator: operator.rotate_keys()))
    console.print(
        f"Key {key.kid} signs from {to_rfc3339(key.active_from)} on.", style="green", highlight=False
    )
