"""Options that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

UrlOption = Annotated[
    str | None, typer.Option("--url", help="Address of the shop. [TROLLEY_URL, else this machine's]")
]


def _identities(incomplete: str) -> list[str]:
    from trolley.cli.identity import known_identities

    return [name for name in known_identities() if name.startswith(incomplete)]


WhoOption = Annotated[
    str | None,
    typer.Option(
        "--as", help="guest, admin, or the e-mail address of an account.", autocompletion=_identities
    ),
]
AdministratorOption = Annotated[
    str,
    typer.Option(
        "--as",
        help="admin (which needs the shop's store), or the e-mail address of an administrator's account.",
        autocompletion=_identities,
    ),
]
