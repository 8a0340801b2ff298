"""No program of the shop gets a secret of another, neither in compose nor in the local run."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from auth_service.settings import AuthSettings
from cart_service.settings import CartSettings
from product_service.settings import ProductSettings
from shared.settings import ServiceSettings
from trolley.init import EXAMPLE, settings_of, with_settings
from trolley.invocation import REPOSITORY
from trolley.secrets import NATS_PASSWORDS, SECRET_NAMES, server_environment, service_environment

MODELS: dict[str, type[ServiceSettings]] = {
    "auth": AuthSettings,
    "products": ProductSettings,
    "cart": CartSettings,
}
ADDRESSES = {"ELASTICSEARCH_URL", "NATS_URL", "REDIS_URL"}
ENVIRONMENT = {name: f"value-of-{name}" for name in SECRET_NAMES} | {
    "NATS_URL": "nats://operator:x@host:4222"
}


def secrets_of(service: str) -> set[str]:
    fields = MODELS[service].model_fields
    return {name.upper() for name, field in fields.items() if field.annotation is SecretStr} - ADDRESSES


def all_secrets() -> set[str]:
    return {name for service in MODELS for name in secrets_of(service)} | {*NATS_PASSWORDS}


def compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]
    return services


@pytest.mark.parametrize("service", MODELS)
def test_a_container_takes_back_what_is_another_ones(service: str) -> None:
    """`.env` goes to each container; what is empty under `environment` does not reach it."""
    environment = compose()[service]["environment"]
    for name in all_secrets() - secrets_of(service):
        assert environment[name] == "", name
    assert environment["NATS_URL"].startswith(f"nats://{service}:${{NATS_{service.upper()}_PASSWORD:?")


@pytest.mark.parametrize("program", ["redis", "elasticsearch", "gateway", "nats"])
def test_a_server_gets_no_secret_but_its_own(program: str) -> None:
    definition = compose()[program]
    assert "env_file" not in definition
    own = {"gateway": {"GATEWAY_SECRET"}, "nats": {*NATS_PASSWORDS}}.get(program, set())
    assert set(definition.get("environment", ())) & all_secrets() == own


@pytest.mark.parametrize("service", MODELS)
def test_a_service_of_the_local_run_gets_its_own_secrets_alone(service: str) -> None:
    given = service_environment(service, ENVIRONMENT)
    assert set(given) & all_secrets() == secrets_of(service) & set(ENVIRONMENT)
    assert given["NATS_URL"] == f"nats://{service}:value-of-NATS_{service.upper()}_PASSWORD@host:4222"


def test_a_server_of_the_local_run_gets_what_is_named_alone() -> None:
    assert not {*server_environment(ENVIRONMENT)} & (all_secrets() | ADDRESSES)
    assert {*server_environment(ENVIRONMENT, "GATEWAY_SECRET")} & all_secrets() == {"GATEWAY_SECRET"}


def test_every_secret_without_an_address_is_one_that_is_made() -> None:
    optional = {"AUTH_SECRET_PREVIOUS"}
    assert {*SECRET_NAMES} == all_secrets() - optional - {name for name in all_secrets() if "MAIL" in name}
    written = settings_of(with_settings(EXAMPLE.read_text(), dict.fromkeys(SECRET_NAMES, "x")))
    assert {*written} == {*SECRET_NAMES}
