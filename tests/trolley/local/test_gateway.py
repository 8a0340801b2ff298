"""The differences between the gateway of compose and that of the local run."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from trolley.invocation import REPOSITORY
from trolley.local.gateway import ROUTES, memory_settings, static_configuration


def test_the_local_gateway_is_that_of_compose_at_other_addresses(tmp_path: Path) -> None:
    static = static_configuration(tmp_path, 3000, 3001, ROUTES)
    assert static["entryPoints"]["web"]["address"] == "127.0.0.1:3000"
    assert static["entryPoints"]["internal"]["address"] == "127.0.0.1:3001"
    assert "docker" not in static["providers"]
    assert static["providers"]["file"]["directory"] == str(ROUTES)
    assert static["accessLog"]["fields"]["headers"] == {
        "defaultMode": "drop",
        "names": {"X-Request-Id": "keep"},
    }
    assert static["entryPoints"]["web"]["transport"]["respondingTimeouts"]["readTimeout"] == "10m"


def test_no_answer_waits_for_the_access_log(tmp_path: Path) -> None:
    static = static_configuration(tmp_path, 3000, 3001, ROUTES)
    assert static["accessLog"]["bufferingSize"] > 0


def test_the_light_chain_sets_nothing_aside_that_costs_every_request() -> None:
    """`buffering` copies each body. `retry` reserves `maxRequestBodyBytes` for each GET."""
    middlewares = (ROUTES / "middlewares.yml").read_text()
    match = re.search(r"shop-light-chain:\s+chain:\s+middlewares: \[([^]]+)\]", middlewares)
    assert match is not None
    light = set(match[1].split(", "))
    assert "retry" in light
    assert "body-limit" not in light
    kept = re.search(
        r"^    retry:\n      retry: .*\n(?: {8}.*\n)*? {8}maxRequestBodyBytes: (\d+)", middlewares, re.M
    )
    assert kept is not None
    assert int(kept[1]) < 1024


def test_the_local_gateway_collects_garbage_as_rarely_as_that_of_compose(tmp_path: Path) -> None:
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]["gateway"]
    settings = memory_settings({})
    assert settings["GOGC"] == compose["environment"]["GOGC"]
    assert compose["environment"]["GOMEMLIMIT"] == "${GATEWAY_MEMORY_MIB:-512}000000"
    assert compose["mem_limit"] == "${GATEWAY_MEMORY_MIB:-512}m"
    assert settings["GOMEMLIMIT"] == "512000000"
    assert memory_settings({"GATEWAY_MEMORY_MIB": "256"})["GOMEMLIMIT"] == "256000000"
