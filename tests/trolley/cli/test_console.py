"""How a command reports failures, and what it writes into a pipe."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from tests.support.terminal import ROOT
from trolley.cli.console import execute, say
from trolley.errors import CommandFailed

QUOTED = "cart-1 ended while starting. Its last lines:\n  [/etc/x] list[int] [bold]"


async def failing(error: Exception) -> None:
    raise error


def test_a_failure_is_told_as_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        execute(failing(CommandFailed(QUOTED)))
    assert QUOTED in capfd.readouterr().err
    say(QUOTED)
    assert QUOTED in capfd.readouterr().out


def test_colours_of_a_quoted_process_are_left_out_where_there_are_none(
    capfd: pytest.CaptureFixture[str],
) -> None:
    say("cart-1: \x1b[31m[error]\x1b[0m")
    assert capfd.readouterr().out == "cart-1: [error]\n"


def test_what_the_system_refuses_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        execute(failing(PermissionError(13, "Permission denied", "/root/x")))
    assert capfd.readouterr().err == "Error: /root/x: Permission denied\n"


TABLE = """
from trolley.cli.console import console
from trolley.cli.users import _table
console.print(_table([{"email": "%s", "name": "%s", "role": "customer", "disabled": True,
    "created_at": "2026-03-01T00:00:00Z"}]))
"""


def test_a_row_of_a_table_is_one_line_in_a_pipe() -> None:
    email, name = f"{'long.' * 40}@example.com", "Ann " * 50
    command = [sys.executable, "-c", TABLE % (email, name)]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (row,) = (line for line in shown.splitlines() if email in line)
    assert name.strip() in row
    assert "disabled" in row
