"""What an operator's command knows of the shop: where its servers are, and its secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from trolley.errors import CommandFailed
from trolley.local.environment import ADDRESSES, SECRETS, gateway_port, read_environment

S = TypeVar("S", bound=BaseSettings)

DATA = Path(".data")


def operator_environment(data: Path = DATA, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment, over .env, over what the running (else the last) `trolley run` wrote down."""
    local: dict[str, str] = {"SQLITE_DIRECTORY": str(data / "store")} if data.exists() else {}
    for name in (SECRETS, ADDRESSES):
        local |= {key: value for key, value in dotenv_values(data / name).items() if value is not None}
    return {**local, **{name: value for name, value in read_environment(environ=environ).items() if value}}


def shop_url(environment: Mapping[str, str]) -> str:
    """TROLLEY_URL, else the gateway of this machine. Raises `CommandFailed`."""
    return environment.get("TROLLEY_URL") or f"http://localhost:{gateway_port(environment)}"


def settings_from(model: type[S], environment: Mapping[str, str]) -> S:
    """A service's settings as it would read them. Raises `CommandFailed` naming the one that is wrong."""
    given = {name: environment[name.upper()] for name in model.model_fields if name.upper() in environment}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]).upper() or "Settings"
        reason = first["msg"].removeprefix("Value error, ")
        raise CommandFailed(f"{name}: {reason}. See .env.example.") from error
