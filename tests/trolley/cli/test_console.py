"""How a command tells what went wrong."""

from __future__ import annotations

import pytest
import typer

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
