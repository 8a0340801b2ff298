"""The files of a local run besides the shop's data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trolley.environment import operator_environment
from trolley.errors import LocalRunFailed
from trolley.local.environment import (
    development_secrets,
    gateway_port,
    note_addresses,
    prepare_directory,
    read_environment,
)


def test_secrets_are_made_once_and_kept_for_their_owner_alone(tmp_path: Path) -> None:
    first = development_secrets(tmp_path, {})
    assert development_secrets(tmp_path, {}) == first
    assert all(len(secret) >= 32 for secret in first.values())
    assert (tmp_path / "secrets.env").stat().st_mode & 0o777 == 0o600


def test_a_secret_from_the_environment_is_left_alone(tmp_path: Path) -> None:
    assert "AUTH_SECRET" not in development_secrets(tmp_path, {"AUTH_SECRET": "given"})


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    with pytest.raises(LocalRunFailed, match=f"Cannot write in {in_the_way}.*--data"):
        prepare_directory(in_the_way)


def test_the_shell_wins_over_the_env_file(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("LOG_LEVEL=debug\nSHOP_CURRENCY=EUR\n# NATS_URL=nats://example\n")
    environment = read_environment(env_file, {"LOG_LEVEL": "error"})
    assert (environment["LOG_LEVEL"], environment["SHOP_CURRENCY"]) == ("error", "EUR")


def test_commands_find_the_servers_of_the_running_stack(tmp_path: Path) -> None:
    note_addresses(tmp_path, {"NATS_URL": "nats://127.0.0.1:9", "HOME": "/"})
    secrets = development_secrets(tmp_path, {})
    environment = operator_environment({"TROLLEY_SHOP": str(tmp_path)}, running=False)
    assert environment["NATS_URL"] == "nats://127.0.0.1:9"
    assert environment["AUTH_SECRET"] == secrets["AUTH_SECRET"]
    assert environment["SQLITE_DIRECTORY"] == str(tmp_path / "store")
    assert (tmp_path / "addresses.env").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("value", ["a'b", "a\\b", "${HOME}", "a b#c", '"quoted"', "nats://u:p'#@h:1"])
def test_a_setting_comes_back_as_it_was(tmp_path: Path, value: str) -> None:
    note_addresses(tmp_path, {"NATS_URL": value})
    assert operator_environment({"TROLLEY_SHOP": str(tmp_path)}, running=False)["NATS_URL"] == value


def test_the_gateway_has_a_port_of_its_own_choice_or_3000() -> None:
    assert gateway_port({}) == gateway_port({"GATEWAY_PORT": ""}) == 3000
    assert gateway_port({"GATEWAY_PORT": "8080"}) == 8080


@pytest.mark.parametrize("given", ["abc", "0", "65536", "-1", "80.0"])
def test_what_is_no_port_is_named(given: str) -> None:
    with pytest.raises(LocalRunFailed, match=f"GATEWAY_PORT .*{given}"):
        gateway_port({"GATEWAY_PORT": given})


def readable_by_others(folder: Path) -> list[str]:
    return [str(path) for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077]


def test_what_an_earlier_run_left_readable_is_corrected(tmp_path: Path) -> None:
    data = tmp_path / ".data"
    for name in ("store/users.sqlite3-wal", "nats/jetstream/SHOP/meta.inf", "mail/1.eml", "access.log"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).touch(0o644)
    (data / "secrets.env").touch(0o644)
    (data / "notes").touch(0o644)
    for path in (data, *data.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    prepare_directory(data)
    assert readable_by_others(data) == [str(data / "notes")]
    assert os.access(data / "nats" / "jetstream" / "SHOP" / "meta.inf", os.R_OK)
