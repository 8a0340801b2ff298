"""A command whose own shop does not run, on a machine where another one does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from trolley.local.environment import note_addresses
from trolley.local.lock import sole_run
from trolley.local.ports import free_port
from trolley.shops import pointed_out

LINES = (
    *("nodes", "call GET /cart --as guest", "users list", "users list --json", "keys list", "keys revoke a"),
    *("mail", "mail show", "users delete a@example.com --yes", "seed", "events", "migrate", "verify"),
    "users create --admin --email a@example.com --password-stdin",
)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    (tmp_path / "here").mkdir()
    return Terminal(tmp_path / "here", {})


@pytest.fixture(autouse=True)
def stranger(terminal: Terminal) -> Iterator[Path]:
    """The folder of a shop that "runs" in this process, with a mail in it. Nobody may touch it."""
    data = terminal.directory.parent / "stranger" / ".data"
    with sole_run(data), pointed_out(data, {"XDG_STATE_HOME": str(terminal.state.parent)}):
        note_addresses(data, {"GATEWAY_PORT": str(free_port()), "NATS_URL": "nats://127.0.0.1:1"})
        (data / "mail").mkdir()
        yield data


@pytest.mark.parametrize("where", ["folder", "clone"])
async def test_no_command_works_on_another_shop_instead(
    terminal: Terminal, stranger: Path, where: str
) -> None:
    own = (terminal.directory if where == "folder" else terminal.clone) / ".data"
    with sole_run(own):
        note_addresses(own, {"GATEWAY_PORT": str(free_port())})
    for line, result in zip(LINES, await terminal.run_each(*LINES, stdin="a password\n"), strict=True):
        assert result.status == 2, (line, result)
        assert result.output == "", line
        assert f"Your shop ({own}) does not run. Start it with `" in result.errors, (line, result)
        assert f"in {stranger}" in result.errors, line
        assert "--shop" in result.errors, line
    shutil.rmtree(own)


async def test_where_there_is_no_own_shop_the_one_that_is_used_is_named(
    terminal: Terminal, stranger: Path
) -> None:
    result = await terminal.run("mail")
    assert result.errors.startswith(f"Using the shop in {stranger} (port ")
    assert f"{stranger / 'mail'}" in result.errors
