"""The environment of a local run: .env, the shell's variables over it, and generated secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from dotenv import dotenv_values

from trolley.errors import LocalRunFailed
from trolley.invocation import REPOSITORY
from trolley.secrets import SECRET_NAMES, all_settings, new_secret
from trolley.state import private_folder, write_private

SECRETS = "secrets.env"
ADDRESSES = "addresses.env"
PROCESS = "RUN_PROCESS"
"""The name, in the file of addresses, of the process that wrote it."""

_MADE = ("store", "nats", "mail", "*.log", "*.env", "traefik.json", "*.lock")

_OF_THE_RUN = ("GATEWAY_PORT", "SEED_DEMO")


def read_environment(
    env_file: Path = REPOSITORY / ".env", environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The clone's `.env`, and over it the variables of this process."""
    from_file = {name: value for name, value in dotenv_values(env_file).items() if value is not None}
    return {**from_file, **environ}


def gateway_port(environment: Mapping[str, str]) -> int:
    """GATEWAY_PORT, else 3000. Raises `LocalRunFailed` if it is not a port."""
    given = environment.get("GATEWAY_PORT") or "3000"
    if not given.isdecimal() or not 1 <= int(given) <= 65_535:
        raise LocalRunFailed(f"GATEWAY_PORT is a number from 1 to 65535, not {given!r}. See .env.example.")
    return int(given)


def prepare_directory(directory: Path) -> None:
    """Makes the folder of a local run, and lets only this user read what is in it. Raises `LocalRunFailed` if
    it cannot be written."""
    try:
        private_folder(directory)
        for path in _files_of_the_run(directory):
            path.chmod(0o700 if path.is_dir() else 0o600)
        probe = directory / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise LocalRunFailed(
            f"Cannot write in {directory} ({error.strerror}). The shop keeps its data there. Allow writing, "
            "or choose another folder with --data."
        ) from error


def _files_of_the_run(directory: Path) -> Iterator[Path]:
    """The files and folders that others may read, as a run of an earlier release left them. Only those that a
    run makes: the folder may be one with other things in it."""
    for name in _MADE:
        for top in directory.glob(name):
            for path in (top, *top.rglob("*")):
                if not path.is_symlink() and path.stat().st_mode & 0o077:
                    yield path


def development_secrets(directory: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The secrets that `environment` lacks. The first run makes them and keeps them in a file that only its
    owner can read, so sessions outlive a restart."""
    kept_in = directory / SECRETS
    kept = {name: value for name, value in dotenv_values(kept_in, interpolate=False).items() if value}
    missing = {name: new_secret() for name in SECRET_NAMES if name not in kept}
    if missing:
        kept |= missing
        _write_env_file(kept_in, kept)
    return {name: kept[name] for name in SECRET_NAMES if not environment.get(name)}


def note_addresses(directory: Path, environment: Mapping[str, str]) -> None:
    """Writes the settings of a running stack, with the addresses of its servers, for the other commands."""
    known = {
        name: environment[name] for name in sorted(all_settings() | {*_OF_THE_RUN}) if environment.get(name)
    }
    _write_env_file(directory / ADDRESSES, {PROCESS: str(os.getpid()), **known})


def _write_env_file(path: Path, values: Mapping[str, str]) -> None:
    write_private(path, "".join(f"{name}={_quoted(value)}\n" for name, value in values.items()).encode())


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
