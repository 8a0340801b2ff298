"""The environment of a command: the settings of the shop that it works on."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import httpx
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from trolley.errors import CommandFailed
from trolley.invocation import make
from trolley.local.environment import gateway_port, read_environment
from trolley.shops import CHOICE, find_shop, own_folders, require_running

S = TypeVar("S", bound=BaseSettings)

_HEALTH = "/api/v1/auth/health/live"
_LOOK_SECONDS = 5


def operator_environment(
    environ: Mapping[str, str] = os.environ, *, url: str | None = None, running: bool = True
) -> dict[str, str]:
    """The settings of the shop that `find_shop` finds, together with .env and the shell's variables.

    The settings of a running shop win over .env, and .env wins over those of a stopped shop. The shell's
    variables win over both, unless TROLLEY_SHOP chooses the shop. `url` is an option of the command and wins
    over the variables that choose a shop. With `running` a chosen shop has to run. Prints to standard error
    which shop it is, if nothing but its running chose it. Raises `CommandFailed`.
    """
    given = {name: value for name, value in environ.items() if value}
    from_file = {name: value for name, value in read_environment(environ=environ).items() if value}
    choosing = {name: from_file[name] for name in (CHOICE, "TROLLEY_URL") if name in from_file}
    if url:
        given.pop(CHOICE, None)
        choosing = {"TROLLEY_URL": url}
        given |= choosing
    shop = find_shop({**given, **choosing})
    if shop is None:
        return from_file
    if CHOICE in given:
        if running:
            require_running(shop, environ)
        return {**from_file, **shop.recorded, "TROLLEY_URL": shop.url}
    if shop.running:
        if not choosing and shop.directory not in own_folders() and "GATEWAY_PORT" not in given:
            _tell(f"Using the shop in {shop.directory} (port {shop.port}).")
        return {**from_file, **shop.recorded, "TROLLEY_URL": shop.url, **given}
    return {**shop.recorded, **from_file}


def _tell(line: str) -> None:
    """Prints to standard error, which no script parses."""
    print("".join(sign if sign.isprintable() else "?" for sign in line), file=sys.stderr)  # noqa: T201


def shop_url(environment: Mapping[str, str], given: str | None = None) -> str:
    """The given address, else TROLLEY_URL, else GATEWAY_PORT of this machine if a shop answers there: nothing
    is sent to other programs. Raises `CommandFailed`."""
    if named := given or environment.get("TROLLEY_URL"):
        return checked_address(named)
    address = f"http://localhost:{gateway_port(environment)}"
    _require_shop(address)
    _tell(f"Using the shop at {address}.")
    return address


def checked_address(address: str) -> str:
    """The address without its last slash. Raises `CommandFailed` if it is not an address."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise CommandFailed(f"{address!r} is not an address ({error}). {_EXAMPLE}") from error
    if url.scheme not in ("http", "https") or not url.host or any(map(str.isspace, address)):
        raise CommandFailed(f"{address!r} is not an address. {_EXAMPLE}")
    if url.port is not None and not 1 <= url.port <= 65_535:
        raise CommandFailed(f"{url.port} in {address!r} is not a port. Use one from 1 to 65535.")
    if url.query or url.fragment or url.path.rstrip("/"):
        raise CommandFailed(f"Give only the host and port of the shop, not {address!r}. {_EXAMPLE}")
    return str(url.copy_with(raw_path=b"/")).rstrip("/")


_EXAMPLE = "Write an address as in http://localhost:3000."


def _require_shop(address: str) -> None:
    try:
        answer = httpx.get(f"{address}{_HEALTH}", timeout=_LOOK_SECONDS)
        kind = answer.headers.get("Content-Type", "")
        is_shop = "problem+json" in kind or (answer.is_success and answer.json().get("status") == "ok")
    except (httpx.TransportError, OSError) as error:
        raise CommandFailed(f"No shop answers at {address}. {HOW_TO_CHOOSE}") from error
    except (ValueError, AttributeError):
        is_shop = False
    if not is_shop:
        raise CommandFailed(f"The program at {address} is not a shop. {HOW_TO_CHOOSE}")


HOW_TO_CHOOSE = (
    f"Start one with `{make('run')}`, or choose one: by its port or folder with --shop, or by its address "
    "with --url or TROLLEY_URL."
)


def require_servers(environment: Mapping[str, str], *names: str) -> None:
    """Raises `CommandFailed` unless the addresses of these servers are set. A default could be the server of
    another program."""
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise CommandFailed(
            f"No shop was found on this machine. Start it with `{make('run')}`, or set "
            f"{' and '.join(missing)}."
        )


def require_store(environment: Mapping[str, str]) -> None:
    """Raises `CommandFailed` if the store does not exist: SQLite would make an empty one."""
    if environment.get("ELASTICSEARCH_URL"):
        return
    if not environment.get("SQLITE_DIRECTORY"):
        raise CommandFailed(
            f"No shop was found on this machine, so no store. Start the shop with `{make('run')}`, or set "
            "ELASTICSEARCH_URL or SQLITE_DIRECTORY."
        )
    directory = Path(environment["SQLITE_DIRECTORY"]).absolute()
    if not directory.is_dir():
        raise CommandFailed(
            f"There is no store in {directory} (SQLITE_DIRECTORY). To start a new store, make the folder."
        )


def settings_from(model: type[S], environment: Mapping[str, str]) -> S:
    """A service's settings as the service reads them. Raises `CommandFailed`, which names an invalid one."""
    given = {name: environment[name.upper()] for name in model.model_fields if name.upper() in environment}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]).upper() or "Settings"
        reason = first["msg"].removeprefix("Value error, ")
        raise CommandFailed(f"{name}: {reason}. See .env.example.") from error
