"""The secrets of a shop: their names, how they are made, and which program gets which."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from shared.settings import ServiceSettings

_NATS_USERS = ("operator", "auth", "products", "cart")

NATS_PASSWORDS = tuple(f"NATS_{user.upper()}_PASSWORD" for user in _NATS_USERS)
SECRET_NAMES = ("AUTH_SECRET", "CURSOR_SECRET", "GATEWAY_SECRET", *NATS_PASSWORDS)


def new_secret() -> str:
    """256 random bits. It begins with a letter and has no sign that a configuration file could misread."""
    return f"s{secrets.token_hex(32)}"


def nats_url_for(user: str, url: str, environment: Mapping[str, str]) -> str:
    """The address of NATS (several with commas) with the name and password of this user. It stays as it is if
    the password is not set, or if it names a user that the shop does not make."""
    password = environment.get(f"NATS_{user.upper()}_PASSWORD")
    return ",".join(_with_user(each.strip(), user, password) for each in url.split(",")) if password else url


def _with_user(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    if (parts.username or user) not in _NATS_USERS:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password)}@{host}"))


def service_environment(service: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What a service gets: no setting of another service, and of NATS its own user."""
    own = _settings_of()[service]
    others = {name for names in _settings_of().values() for name in names} - own
    kept = {name: value for name, value in environment.items() if name not in others | {*NATS_PASSWORDS}}
    if url := environment.get("NATS_URL"):
        kept["NATS_URL"] = nats_url_for(service, url, environment)
    return kept


def server_environment(environment: Mapping[str, str], *names: str) -> dict[str, str]:
    """What another program gets: no setting of the shop but those named."""
    hidden = {name for settings in _settings_of().values() for name in settings} | {*NATS_PASSWORDS}
    return {name: value for name, value in environment.items() if name not in hidden or name in names}


def all_settings() -> set[str]:
    """The settings of all services."""
    return {name for names in _settings_of().values() for name in names}


@cache
def _settings_of() -> Mapping[str, frozenset[str]]:
    # Their imports take longer than most commands, and only a run needs them.
    from auth_service.settings import AuthSettings
    from cart_service.settings import CartSettings
    from product_service.settings import ProductSettings

    models: dict[str, type[ServiceSettings]] = {
        "auth": AuthSettings,
        "products": ProductSettings,
        "cart": CartSettings,
    }
    return {name: frozenset(field.upper() for field in model.model_fields) for name, model in models.items()}
