"""The gateway's routes are the services' prefixes; compose and the image fit them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi import FastAPI
from fastapi.routing import APIRoute

from auth_service.main import create_app as create_auth
from auth_service.settings import AuthSettings
from cart_service.main import create_app as create_cart
from cart_service.settings import CartSettings
from product_service.main import create_app as create_products
from product_service.settings import ProductSettings
from shared.http.server import KEEP_ALIVE_SECONDS
from shared.settings import ServiceSettings

ROOT = Path(__file__).parents[2]
ROUTES = (ROOT / "traefik" / "dynamic" / "routes.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
GATEWAY_SERVICES = {"auth", "products", "cart"}


def application(service: str) -> FastAPI:
    if service == "auth":
        return create_auth(AuthSettings())
    return create_products(ProductSettings()) if service == "products" else create_cart(CartSettings())


def paths(app: FastAPI) -> set[str]:
    return {route.path for route in app.routes if isinstance(route, APIRoute) and route.include_in_schema}


def test_the_gateway_routes_to_these_services() -> None:
    ranged = re.findall(r"range \$name := list ([^}]*) }}", ROUTES)
    assert ranged
    assert all(set(re.findall(r'"(\w+)"', names)) == GATEWAY_SERVICES for names in ranged)


@pytest.mark.parametrize("service", sorted(GATEWAY_SERVICES))
def test_every_route_of_a_service_is_under_its_prefix(service: str) -> None:
    prefix = f"/api/v1/{service}"
    found = paths(application(service))
    assert found
    assert {path for path in found if path != prefix and not path.startswith(f"{prefix}/")} == set()


@pytest.mark.parametrize("path", re.findall(r"Path\(`(/api/v1/[^`{]+)`\)", ROUTES))
def test_a_path_with_a_route_of_its_own_exists(path: str) -> None:
    assert path in paths(application(path.split("/")[3]))


def test_the_routes_that_answer_429_themselves_are_the_ones_the_gateway_leaves_alone() -> None:
    answering = {
        route.path
        for service in GATEWAY_SERVICES
        for route in application(service).routes
        if isinstance(route, APIRoute) and 429 in route.responses
    }
    chains = "shop-sign-in-chain|shop-stream-chain"
    rules = re.findall(
        rf"rule: (.*)\n +priority: 20\n +middlewares: \[(?:{chains})(?:, gateway-secret)?\]", ROUTES
    )
    assert set(re.findall(r"Path\(`([^`]+)`\)", " ".join(rules))) == answering


@pytest.mark.parametrize("service", sorted(GATEWAY_SERVICES))
def test_compose_balances_over_the_port_that_the_service_listens_on(service: str) -> None:
    declared = COMPOSE["services"][service]
    port = str(declared["environment"][f"{service.upper()}_PORT"])
    assert declared["labels"][f"traefik.http.services.{service}.loadbalancer.server.port"] == port


@pytest.mark.parametrize("service", sorted(GATEWAY_SERVICES))
def test_a_command_in_a_container_finds_the_shop(service: str) -> None:
    assert COMPOSE["services"][service]["environment"]["TROLLEY_URL"] == "http://gateway"


def test_no_container_can_gain_privileges() -> None:
    for declared in COMPOSE["services"].values():
        assert declared["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in declared["security_opt"]


def test_every_container_is_bounded_and_but_for_one_writes_nothing_of_its_image() -> None:
    declared = COMPOSE["services"]
    assert [name for name, service in declared.items() if not service.get("mem_limit")] == []
    assert [name for name, service in declared.items() if not service["read_only"]] == ["elasticsearch"]


def test_every_container_that_stays_says_whether_it_is_well() -> None:
    without = {name for name, service in COMPOSE["services"].items() if "healthcheck" not in service}
    assert without == {"seed", "operator"}


@pytest.mark.parametrize("service", sorted(GATEWAY_SERVICES))
def test_the_engine_asks_a_service_at_its_port_whether_it_has_started(service: str) -> None:
    declared = COMPOSE["services"][service]
    check = declared["healthcheck"]["test"][-1]
    assert f"/127.0.0.1/{declared['environment'][f'{service.upper()}_PORT']} " in check
    assert f"/api/v1/{service}/health/started" in check


@pytest.mark.parametrize("service", sorted(GATEWAY_SERVICES))
def test_the_gateway_asks_a_service_whether_it_is_ready_and_whether_it_lives(service: str) -> None:
    declared = COMPOSE["services"][service]
    port = str(declared["environment"][f"{service.upper()}_PORT"])
    for name, question in ((service, "ready"), (f"{service}-alive", "live")):
        balancer = f"traefik.http.services.{name}.loadbalancer"
        assert declared["labels"][f"{balancer}.healthcheck.path"] == f"/api/v1/{service}/health/{question}"
        assert declared["labels"][f"{balancer}.server.port"] == port


@pytest.mark.parametrize("service", sorted(GATEWAY_SERVICES))
def test_a_replica_that_fails_a_request_is_left_while_others_are_ready(service: str) -> None:
    """In compose as in the local run. Those that live are the last resort, and stay."""
    labels = COMPOSE["services"][service]["labels"]
    passive = "loadbalancer.passivehealthcheck.maxfailedattempts"
    allowed = {name: labels.get(f"traefik.http.services.{name}.{passive}") for name in (service, "pages")}
    assert allowed == {service: "1", "pages": "1"}
    assert f"traefik.http.services.{service}-alive.{passive}" not in labels


def test_a_replica_accepts_until_the_gateway_has_noticed_that_it_ends() -> None:
    """The gateway asks every second, and waits for an answer for three."""
    delay = COMPOSE["x-addresses"]["HTTP_DRAIN_DELAY_SECONDS"]
    assert int(delay.removeprefix("${HTTP_DRAIN_DELAY_SECONDS:-").removesuffix("}")) >= 5
    drain = ServiceSettings.model_fields["http_drain_seconds"].default
    grace = int(COMPOSE["x-service"]["stop_grace_period"].removesuffix("s"))
    assert grace > drain + 5


def test_the_gateway_closes_idle_connections_before_a_service_does() -> None:
    static = yaml.safe_load((ROOT / "traefik" / "traefik.yml").read_text())
    idle = static["serversTransport"]["forwardingTimeouts"]["idleConnTimeout"]
    assert int(idle.removesuffix("s")) < KEEP_ALIVE_SECONDS


def test_only_the_gateway_has_a_network_with_a_way_out() -> None:
    open_ones = {name for name, network in COMPOSE["networks"].items() if not (network or {}).get("internal")}
    joined = {name: set(service["networks"]) for name, service in COMPOSE["services"].items()}
    assert {name for name, networks in joined.items() if networks & open_ones} == {"gateway"}
    assert {name for name, networks in joined.items() if "services" in networks} == {
        *GATEWAY_SERVICES,
        "gateway",
        "seed",
        "operator",
    }


def test_only_auth_and_the_operator_hold_the_secret_of_the_signing_keys() -> None:
    told = {
        name
        for name, service in COMPOSE["services"].items()
        if "env_file" in service and service["environment"].get("AUTH_SECRET") != ""
    }
    assert told == {"auth", "seed", "operator"}


def test_only_the_gateway_publishes_a_port() -> None:
    assert {name for name, declared in COMPOSE["services"].items() if "ports" in declared} == {"gateway"}


def test_the_image_runs_as_an_ordinary_user() -> None:
    users = re.findall(r"^USER (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert users
    assert users[-1] not in ("root", "0")


def test_the_gateway_finds_its_plugin_from_where_it_is_started() -> None:
    declared = COMPOSE["services"]["gateway"]
    assert f"./traefik:{declared['working_dir']}:ro" in declared["volumes"]
    static = yaml.safe_load((ROOT / "traefik" / "traefik.yml").read_text())
    for plugin in static["experimental"]["localPlugins"].values():
        folder = ROOT / "traefik" / "plugins-local" / "src" / plugin["moduleName"]
        assert (folder / ".traefik.yml").exists()
