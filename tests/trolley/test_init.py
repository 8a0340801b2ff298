"""`.env` with secrets of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from trolley.init import EXAMPLE, settings_of, write_env_file
from trolley.invocation import REPOSITORY
from trolley.secrets import SECRET_NAMES, nats_url_for, new_secret


def env_of(folder: Path) -> dict[str, str]:
    return settings_of((folder / ".env").read_text())


def test_a_new_file_has_every_setting_and_fresh_secrets_for_its_owner_alone(tmp_path: Path) -> None:
    assert write_env_file(tmp_path).made == list(SECRET_NAMES)
    secrets = env_of(tmp_path)
    assert set(secrets) == {*SECRET_NAMES}
    assert len({*secrets.values()}) == len(SECRET_NAMES)
    assert all(len(value) >= 32 for value in secrets.values())
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert len((tmp_path / ".env").read_text().splitlines()) == len(EXAMPLE.read_text().splitlines())


def test_what_is_set_stays_and_what_lacks_is_added(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# mine\nGATEWAY_PORT=3105\nAUTH_SECRET='a secret of my own'\nCURSOR_SECRET=\n"
    )
    assert "AUTH_SECRET" not in write_env_file(tmp_path).made
    lines = (tmp_path / ".env").read_text().splitlines()
    assert lines[:3] == ["# mine", "GATEWAY_PORT=3105", "AUTH_SECRET='a secret of my own'"]
    assert {*env_of(tmp_path)} == {*SECRET_NAMES, "GATEWAY_PORT"}
    before = (tmp_path / ".env").read_text()
    assert write_env_file(tmp_path).made == []
    assert (tmp_path / ".env").read_text() == before


def test_new_secrets_by_force_keep_the_old_one_of_auth_for_a_while(tmp_path: Path) -> None:
    write_env_file(tmp_path)
    old = env_of(tmp_path)
    assert write_env_file(tmp_path, force=True).made == list(SECRET_NAMES)
    new = env_of(tmp_path)
    assert all(new[name] != old[name] for name in SECRET_NAMES)
    assert new["AUTH_SECRET_PREVIOUS"] == old["AUTH_SECRET"]


def test_the_secrets_of_the_local_run_are_taken_over(tmp_path: Path) -> None:
    """Both read `.env`, and a store is sealed with its secret."""
    (tmp_path / ".data").mkdir()
    (tmp_path / ".data" / "secrets.env").write_text("AUTH_SECRET='that of the local run'\n")
    write_env_file(tmp_path)
    assert env_of(tmp_path)["AUTH_SECRET"] == "that of the local run"


def test_it_needs_nothing_but_python(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n"]
    command[-1] += "from trolley.init import main; sys.exit(main([]))"
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(env_of(tmp_path)) == {*SECRET_NAMES}
    assert not [value for value in env_of(tmp_path).values() if value in done.stdout]


async def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, {})
    first = await terminal.run("init", "--directory", str(tmp_path))
    assert first.status == 0, first
    assert "AUTH_SECRET" in first.output
    assert env_of(tmp_path)["AUTH_SECRET"] not in first.output
    assert "nothing was changed" in (await terminal.run("init", "--directory", str(tmp_path))).output
    missing = await terminal.run("init", "--directory", str(tmp_path / "missing"))
    assert missing.status == 1
    assert "Cannot write" in missing.errors


async def test_the_command_names_the_file_and_what_became_of_each_secret(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, {})
    (tmp_path / ".data").mkdir()
    kept = tmp_path / ".data" / "secrets.env"
    kept.write_text("AUTH_SECRET='that of the local run'\n")
    taken = (await terminal.run("init")).output
    assert f"{tmp_path / '.env'} has new secrets: CURSOR_SECRET," in taken
    assert f"taken over from {kept}: AUTH_SECRET." in taken
    assert "AUTH_SECRET_PREVIOUS" not in taken
    assert str(tmp_path / ".env") in (await terminal.run("init")).output
    forced = (await terminal.run("init", "--force")).output
    assert "new secrets: AUTH_SECRET, " in forced
    assert "taken over" not in forced
    assert "The old AUTH_SECRET became AUTH_SECRET_PREVIOUS" in forced


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("nats://host:4222", "nats://cart:pw@host:4222"),
        ("nats://operator:x@host:4222", "nats://cart:pw@host:4222"),
        ("nats://a:1,tls://b:2", "nats://cart:pw@a:1,tls://cart:pw@b:2"),
        ("nats://me:x@host:4222", "nats://me:x@host:4222"),
    ],
)
def test_an_address_gets_the_user_of_the_service(url: str, expected: str) -> None:
    assert nats_url_for("cart", url, {"NATS_CART_PASSWORD": "pw"}) == expected
    assert nats_url_for("cart", url, {}) == url


def test_no_configuration_file_misreads_a_secret() -> None:
    """NATS reads a password that looks like a number, or begins with $, as something else."""
    for _ in range(50):
        secret = new_secret()
        assert secret.isalnum()
        assert secret[0].isalpha()
