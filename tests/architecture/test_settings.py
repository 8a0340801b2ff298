"""`.env.example` lists every setting, and nothing else."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from auth_service.settings import AuthSettings
from cart_service.settings import CartSettings
from product_service.settings import ProductSettings
from shared.settings import ServiceSettings
from trolley.local.gateway import LOCAL_ORIGINS

ROOT = Path(__file__).parents[2]
SETTINGS: list[type[ServiceSettings]] = [AuthSettings, ProductSettings, CartSettings]
ENTRY = re.compile(r"^# ?([A-Z][A-Z0-9_]*)=(.*)$|^([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)
FROM_ELSEWHERE = {"COMPOSE_PROJECT_NAME", "GATEWAY_INTERNAL_URL", "GATEWAY_PROVIDER"}
"""Set by compose itself, and by what starts the gateway."""


def documented() -> dict[str, str]:
    text = (ROOT / ".env.example").read_text()
    return {match[1] or match[3]: match[2] or match[4] or "" for match in ENTRY.finditer(text)}


def service_settings() -> dict[str, FieldInfo]:
    return {name.upper(): field for model in SETTINGS for name, field in model.model_fields.items()}


def other_settings() -> set[str]:
    """What the gateway's and compose's files and the command line read from the environment."""
    dynamic = "".join(path.read_text() for path in (ROOT / "traefik" / "dynamic").glob("*.yml"))
    compose = (ROOT / "docker-compose.yml").read_text()
    names = set(re.findall(r'env "(\w+)"', dynamic)) | set(re.findall(r"(?<!\$)\$\{(\w+)", compose))
    return (names | {"TROLLEY_URL", "TROLLEY_SHOP"}) - FROM_ELSEWHERE


def test_every_setting_is_listed_and_every_listed_one_exists() -> None:
    assert set(documented()) == set(service_settings()) | other_settings()


@pytest.mark.parametrize("name", sorted(service_settings()))
def test_the_listed_value_is_the_default(name: str) -> None:
    default = service_settings()[name].default
    plain = default.get_secret_value() if isinstance(default, SecretStr) else default
    shown = plain.value if isinstance(plain, Enum) else plain
    assert documented()[name] == (str(shown).lower() if isinstance(shown, bool) else str(shown))


def deployed_settings() -> dict[str, str]:
    """What compose and the gateway's routes take where a setting is not set."""
    compose = (ROOT / "docker-compose.yml").read_text()
    dynamic = "".join(path.read_text() for path in (ROOT / "traefik" / "dynamic").glob("*.yml"))
    taken = re.findall(r'env "(\w+)" \| default "([^"]+)"', dynamic)
    taken += re.findall(r"(?<!\$)\$\{(\w+):?-([^}]+)\}", compose)
    return {name: value for name, value in taken if name not in FROM_ELSEWHERE | set(service_settings())}


@pytest.mark.parametrize("name", sorted(deployed_settings()))
def test_the_listed_value_is_what_compose_and_the_gateway_take(name: str) -> None:
    assert documented()[name] == deployed_settings()[name]


def test_pages_of_this_machine_may_call_by_default_in_compose_as_in_the_local_run() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    taken = re.findall(r"\$\{GATEWAY_CORS_ORIGINS-([^}]+)\}", compose)
    assert taken == [LOCAL_ORIGINS] * 2  # of the gateway, and of auth for the cookies
    assert documented()["GATEWAY_CORS_ORIGINS"] == LOCAL_ORIGINS


@pytest.mark.parametrize("name", sorted(service_settings()))
def test_every_setting_says_what_it_means(name: str) -> None:
    assert service_settings()[name].description


def test_a_copied_example_changes_nothing() -> None:
    active = [line for line in (ROOT / ".env.example").read_text().splitlines() if line and line[0] != "#"]
    assert active == []
