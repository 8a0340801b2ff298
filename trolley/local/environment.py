"""The environment of a local run: .env, the shell's variables over it, and secrets made once."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from trolley.local.errors import LocalRunFailed

_SECRETS = ("AUTH_SECRET", "CURSOR_SECRET")


def read_environment(env_file: Path = Path(".env")) -> dict[str, str]:
    """What `.env` says, and over it what the process was started with."""
    from_file = {name: value for name, value in dotenv_values(env_file).items() if value is not None}
    return {**from_file, **os.environ}


def prepare_directory(directory: Path) -> None:
    """Makes the folder of a local run. Raises `LocalRunFailed` when it cannot be written."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise LocalRunFailed(
            f"Cannot write in {directory} ({error.strerror}). The shop keeps its data there: allow it to be "
            "written, or choose another folder with --data."
        ) from error


def development_secrets(directory: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The secrets that `environment` leaves out: made at the first run and kept, readable by the owner alone,
    so that sessions outlive a restart."""
    kept_in = directory / "secrets.env"
    kept = {name: value for name, value in dotenv_values(kept_in).items() if value}
    missing = {name: secrets.token_urlsafe(48) for name in _SECRETS if name not in kept}
    if missing:
        kept |= missing
        kept_in.touch(mode=0o600)
        kept_in.write_text("".join(f"{name}={value}\n" for name, value in kept.items()))
    return {name: kept[name] for name in _SECRETS if not environment.get(name)}
