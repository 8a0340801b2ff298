"""`trolley init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trolley.cli.console import console
from trolley.errors import CommandFailed
from trolley.init import ENV_FILE, write_env_file


def init(
    *,
    directory: Annotated[Path, typer.Option(help="The folder of the .env file.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Replace the secrets that .env has.")] = False,
) -> None:
    """Write the .env of a shop in containers, with secrets of its own.

    Only you can read the file. What it sets stays, and missing secrets are added. With --force all secrets
    are new; the old AUTH_SECRET becomes AUTH_SECRET_PREVIOUS, so nobody is signed out. Restart the shop then.
    """
    try:
        written = write_env_file(directory, force=force)
    except OSError as error:
        raise CommandFailed(f"Cannot write {directory.absolute() / ENV_FILE} ({error.strerror}).") from error
    console.print(written.report(), highlight=False, soft_wrap=True)
