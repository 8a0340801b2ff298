"""`trolley users`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from shared.security.identity import Role
from trolley.cli.console import console, execute
from trolley.environment import operator_environment
from trolley.operations import create_user

app = typer.Typer(help="Accounts.", no_args_is_help=True)


@app.callback()
def users() -> None:
    """Accounts."""


@app.command()
def create(
    email: Annotated[str, typer.Option(prompt="E-mail", help="The e-mail address to sign in with.")],
    *,
    name: Annotated[str, typer.Option(help="The name shown. [the e-mail's first part]")] = "",
    admin: Annotated[bool, typer.Option("--admin", help="May manage products, users and any cart.")] = False,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
    ] = False,
) -> None:
    """Create an account; the first admin comes from here.

    The password is asked for, or read from stdin; it is never an argument, which others on this machine
    could see. It works on the store itself, so the shop has to run, but nobody has to be able to sign in yet.
    """
    password = sys.stdin.readline().rstrip("\n") if password_stdin else _ask_password()
    role = Role.ADMIN if admin else Role.CUSTOMER
    execute(create_user(operator_environment(), email, name or email.partition("@")[0], password, role))
    console.print(f"[green]{role.value.capitalize()} {email} can sign in.[/]")


def _ask_password() -> str:
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
