"""The options `--url` and `--as`, and the identity that `--as` names."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated

import typer

from trolley.cli.console import warn
from trolley.client import shop_client
from trolley.errors import CommandFailed
from trolley.invocation import command
from trolley.seeding import TokenSource
from trolley.sessions import KeptIdentity, SessionFile, guest_session, login
from trolley.state import state_folder

GUEST, ADMIN = "guest", "admin"


def identity_of(
    who: str, base_url: str, environment: Mapping[str, str], password: Callable[[], str] | None = None
) -> KeptIdentity:
    """The identity that `--as` names, with a kept session for each shop. Without a `password` it is asked for
    where it is needed. Raises `typer.BadParameter`."""
    file = session_file()
    name = f"{who} {base_url}"
    if who == GUEST:
        return KeptIdentity(name, file, guest_session)
    if who == ADMIN:
        from trolley.operations import operator_session

        return KeptIdentity(name, file, lambda _client, _device: operator_session(environment))
    if "@" not in who:
        raise typer.BadParameter(f"give guest, admin or an e-mail address, not {who!r}.", param_hint="--as")
    return KeptIdentity(name, file, login(who, password or (lambda: ask_password(who))))


def administrator(who: str, base_url: str, environment: Mapping[str, str]) -> TokenSource:
    """Access tokens of the operator, or of an administrator's account. Raises `typer.BadParameter`."""
    if who == ADMIN:
        from trolley.operations import Operator

        return Operator(environment).token
    identity = identity_of(who, base_url, environment)

    async def token() -> str:
        async with shop_client(base_url) as client:
            return await identity.token(client)

    return token


def known_identities() -> list[str]:
    """The values of `--as`: guest, admin, and the accounts that signed in before."""
    kept = {name.partition(" ")[0] for name in session_file().names()}
    return [GUEST, ADMIN, *sorted(kept - {GUEST, ADMIN})]


def _complete_identity(incomplete: str) -> list[str]:
    return [name for name in known_identities() if name.startswith(incomplete)]


@cache
def session_file() -> SessionFile:
    """The file of the process. If it cannot be written, the lines of a shell share the sessions in memory."""
    return SessionFile(state_folder() / "sessions.json", warn)


def ask_password(email: str) -> str:
    """Asks on the terminal, and does not show the typed text. Raises `CommandFailed` if there is none."""
    if not sys.stdin.isatty():
        line = command("call", "GET", "/auth/me", "--as", shlex.quote(email), "--password-stdin")
        raise CommandFailed(
            f"There is no terminal to ask for the password of {email} on. Sign in with `{line}`, which reads "
            "it from stdin and keeps the sign-in for the next commands."
        )
    return str(typer.prompt(f"Password of {email}", hide_input=True, err=True))


def first_line() -> str:
    """The first line of stdin."""
    return sys.stdin.readline().rstrip("\r\n")


PasswordOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="The address of the shop. [TROLLEY_URL, else that of this machine]"),
]
WhoOption = Annotated[
    str | None,
    typer.Option(
        "--as", help="guest, admin, or the e-mail address of an account.", autocompletion=_complete_identity
    ),
]
AdministratorOption = Annotated[
    str,
    typer.Option(
        "--as",
        help="admin (needs the shop's store), or the e-mail address of an administrator's account.",
        autocompletion=_complete_identity,
    ),
]
