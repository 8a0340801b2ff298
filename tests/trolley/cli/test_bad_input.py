"""No command ends with a traceback, writes into the current folder, or makes a store by accident."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.terminal import Result, Terminal
from trolley.local.ports import free_port


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """In an empty folder, on a machine where no shop runs."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return Terminal(folder, {"GATEWAY_PORT": str(free_port())})


def refused(line: str, result: Result, expected: str) -> None:
    assert result.status in (1, 2), (line, result)
    assert "Traceback" not in result.errors, line
    assert "Error: " in result.errors, line
    assert expected.lower() in " ".join(result.errors.lower().split()), (line, result)


SENSELESS = {
    "run --port 80000": "65535",
    "run --port 0": "--port",
    "run --port abc": "--port",
    "run --scale basket=2": "cart=3",
    "run --data /proc/none": "--data",
    "call GET /cart --url localhost:3105": "http://localhost:3000",
    "call GET /cart --url http://localhost:99999": "65535",
    "call GET /cart --url http://": "http://localhost:3000",
    "call GET /cart --url http://localhost:3000/api/v1": "host and port",
    "call FOO /cart": "GET, HEAD, POST",
    "call GET http://localhost:3000/cart": "--url",
    "call POST /cart -d @missing.json": "missing.json",
    "call POST /cart -d @.": "directory",
    "call GET /cart -H nonsense": "--header",
    "call GET /cart -H 'X: caf\u00e9'": "ASCII",
    "call GET /cart -H 'X Y: 1'": "--header",
    "call GET /cart --as somebody --url http://127.0.0.1:1": "--as",
    "bench GET /products --duration 1h": "300s",
    "bench GET /products --duration soon": "--duration",
    "bench GET /products -c 0": "--connections",
    "bench GET /products --url http://192.0.2.1": "--remote",
    "seed --dataset none": "completejourney",
    "emit shop.cart.updated.* -d {}": "SUBJECT",
    "emit shop.cart.updated.a -d '[1]'": "--data",
    "emit shop.cart.updated.a -d '{'": "--data",
    "emit shop.cart.updated.a --version 0": "--version",
    "emit shop.cart.updated.a --version 99999999999999999999": "--version",
    "events --since soon": "--since",
    "nodes --timeout 0": "--timeout",
    "verify --pending-seconds -1": "--pending-seconds",
    "dead-letters drop 99999999999999999999": "NUMBERS",
    "--shop ftp://localhost nodes": "http://localhost:3000",
    "--shop 70000 nodes": "70000",
    "users list --limit 0": "--limit",
    "users delete a@example.com": "--yes",
    "users delete '' --yes": "whole e-mail address",
    "users promote ' '": "whole e-mail address",
    "users show bob": "whole e-mail address",
    "users password '' --password-stdin": "whole e-mail address",
    "users end a@example.com ''": "blank",
    "keys revoke ''": "blank",
    "nonsense": "nonsense",
}


async def test_input_that_makes_no_sense_is_told(terminal: Terminal) -> None:
    results = await terminal.run_each(*SENSELESS, NATS_URL="nats://127.0.0.1:1")
    for (line, expected), result in zip(SENSELESS.items(), results, strict=True):
        refused(line, result, expected)
    assert list(terminal.directory.iterdir()) == []


NEEDS_A_SHOP = (
    *("seed", "call GET /cart", "call GET /cart --as guest", "bench GET /products", "services", "nodes"),
    *("events", "emit shop.cart.updated.a", "migrate", "verify", "keys rotate", "users list"),
    *("users promote a@example.com", "users create --email a@example.com --password-stdin"),
    *("users password a@example.com --password-stdin", "dead-letters list", "dead-letters retry --all"),
)


async def test_without_a_shop_a_command_says_how_to_start_one_and_makes_nothing(terminal: Terminal) -> None:
    results = await terminal.run_each(*NEEDS_A_SHOP, stdin="correct horse battery\n")
    for line, result in zip(NEEDS_A_SHOP, results, strict=True):
        refused(line, result, f"make -C {terminal.clone} run")
        assert len(result.errors.strip().splitlines()) == 1
    assert list(terminal.directory.iterdir()) == []
    assert not (terminal.clone / ".data").exists()


NEEDS_A_STORE = ("migrate", "keys rotate")


async def test_a_folder_that_is_not_there_gets_no_store(terminal: Terminal) -> None:
    missing = terminal.directory / "sotre"
    settings = {"SQLITE_DIRECTORY": str(missing), "NATS_URL": "nats://127.0.0.1:1"}
    for line, result in zip(NEEDS_A_STORE, await terminal.run_each(*NEEDS_A_STORE, **settings), strict=True):
        refused(line, result, str(missing))
    assert not missing.exists()


NEEDS_NATS = ("nodes", "events", "emit shop.cart.updated.a", "dead-letters list", "dead-letters drop --all")


async def test_without_nats_its_setting_is_named(terminal: Terminal) -> None:
    results = await terminal.run_each(*NEEDS_NATS, NATS_URL="nats://127.0.0.1:1")
    for line, result in zip(NEEDS_NATS, results, strict=True):
        refused(line, result, "NATS_URL")


async def test_without_a_store_its_setting_is_named(terminal: Terminal) -> None:
    away = {"ELASTICSEARCH_URL": "http://127.0.0.1:1", "NATS_URL": "nats://127.0.0.1:1"}
    for line, result in zip(NEEDS_A_STORE, await terminal.run_each(*NEEDS_A_STORE, **away), strict=True):
        refused(line, result, "ELASTICSEARCH_URL")


async def test_the_version_and_the_help_need_no_shop(terminal: Terminal) -> None:
    version, shown = await terminal.run_each("--version", "events --help")
    assert version.output.startswith("trolley ")
    assert "shop.*.deleted.*" in shown.output
    assert " events --subject 'shop.product.>' --since 1h\n" in shown.output
