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


@pytest.mark.parametrize("name", sorted(service_settings()))
def test_every_setting_says_what_it_means(name: str) -> None:
    assert service_settings()[name].description


def test_a_copied_example_changes_nothing() -> None:
    active = [line for line in (ROOT / ".env.example").read_text().splitlines() if line and line[0] != "#"]
    assert active == []
