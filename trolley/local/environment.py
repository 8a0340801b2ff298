"""The environment of a local run: .env, the shell's variables over it, and secrets made once."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from trolley.local.errors import LocalRunFailed

SECRETS = "secrets.env"
ADDRESSES = "addresses.env"

_SECRET_NAMES = ("AUTH_SECRET", "CURSOR_SECRET")
_ADDRESS_NAMES = (
    *("GATEWAY_PORT", "NATS_URL", "REDIS_URL"),
    *("ELASTICSEARCH_URL", "ELASTICSEARCH_INDEX_PREFIX", "SQLITE_DIRECTORY"),
)


def read_environment(
    env_file: Path = Path(".env"), environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """What `.env` says, and over it what the process was started with."""
    from_file = {name: value for name, value in dotenv_values(env_file).items() if value is not None}
    return {**from_file, **environ}


def gateway_port(environment: Mapping[str, str]) -> int:
    """GATEWAY_PORT, else 3000. Raises `LocalRunFailed` when it is no port."""
    given = environment.get("GATEWAY_PORT") or "3000"
    if not given.isdecimal() or not 1 <= int(given) <= 65_535:
        raise LocalRunFailed(f"GATEWAY_PORT is a number from 1 to 65535, not {given!r}. See .env.example.")
    return int(given)


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
    kept_in = directory / SECRETS
    kept = {name: value for name, value in dotenv_values(kept_in).items() if value}
    missing = {name: secrets.token_urlsafe(48) for name in _SECRET_NAMES if name not in kept}
    if missing:
        kept |= missing
        write_private(kept_in, kept)
    return {name: kept[name] for name in _SECRET_NAMES if not environment.get(name)}


def note_addresses(directory: Path, environment: Mapping[str, str]) -> None:
    """Writes down where the servers of a running stack are, for the other commands."""
    known = {name: environment[name] for name in _ADDRESS_NAMES if environment.get(name)}
    write_private(directory / ADDRESSES, known)


def write_private(path: Path, values: Mapping[str, str]) -> None:
    """Writes an .env file that its owner alone can read."""
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
