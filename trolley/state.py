"""The folder of the user's state between commands, which only this user can read."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """`trolley` in the user's state folder (XDG Base Directory Specification). It may not exist yet."""
    given = Path(environ.get("XDG_STATE_HOME", ""))
    if given.is_absolute():  # the specification ignores relative paths
        return given / "trolley"
    try:
        home = Path.home()
    except RuntimeError:  # a user without a home keeps nothing
        home = Path("/nonexistent")
    return home.joinpath(*_state_of(sys.platform), "trolley")


def _state_of(platform: str) -> tuple[str, ...]:
    return ("Library", "Application Support") if platform == "darwin" else (".local", "state")


def private_folder(path: Path) -> Path:
    """Makes the folder if it is missing, and lets only its owner read it. Raises OSError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o077:
        path.chmod(0o700)
    return path


def write_private(path: Path, content: bytes) -> None:
    """Writes a file that only its owner can read, and replaces an old one atomically. Raises OSError."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
