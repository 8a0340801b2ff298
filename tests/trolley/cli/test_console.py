"""How a command reports failures, and what it writes into a pipe."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import typer
from rich.console import RenderableType
from rich.table import Table

from auth_service.accounts.address_migration import AddressFinding
from shared.errors import FieldError, InvalidInput, ShopError
from shared.jetstream.dead_letters import DeadLetter
from shared.jetstream.presence import Node, ReplicaLoad
from tests.support.terminal import ROOT
from trolley.cli import dead_letters, events, nodes, users
from trolley.cli.console import console, execute, print_json, say, warn
from trolley.cli.migrate import describe_address
from trolley.cli.seed import show_report
from trolley.cli.verify import VerificationReport
from trolley.client import describe_problem
from trolley.errors import CommandFailed
from trolley.events import Fact
from trolley.verify.findings import Finding, FindingOutcome

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

QUOTED = "cart-1 ended while starting. Its last lines:\n  [/etc/x] list[int] [bold]"


async def failing(error: Exception) -> None:
    raise error


def test_a_failure_is_told_as_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        execute(failing(CommandFailed(QUOTED)))
    assert QUOTED in capfd.readouterr().err
    say(QUOTED)
    assert QUOTED in capfd.readouterr().out


@pytest.mark.parametrize(
    "told",
    [
        lambda error: execute(failing(error)),
        lambda error: execute(failing(CommandFailed(describe_problem(problem_of(error))))),
    ],
    ids=["of a use case", "of an answer"],
)
def test_a_message_is_printed_once(
    told: Callable[[ShopError], None], capfd: pytest.CaptureFixture[str]
) -> None:
    same, other = FieldError("/password", "It is too simple."), FieldError("/name", "It is empty.")
    with pytest.raises(typer.Exit):
        told(InvalidInput(same.message, errors=[same, other]))
    shown = capfd.readouterr().err
    assert shown.count(same.message) == 1
    assert "/name: It is empty." in shown
    assert "/password" not in shown


@pytest.mark.parametrize("detail", ["", "A field is given twice."])
def test_a_terminal_shows_the_fields_and_not_the_name_of_their_list(
    detail: str, capfd: pytest.CaptureFixture[str]
) -> None:
    refused = InvalidInput(
        f"{detail} Correct the fields that `errors` names.".strip(),
        errors=[FieldError("/name", "It is empty."), FieldError("/email", "It has no @.")],
    )
    with pytest.raises(typer.Exit):
        execute(failing(refused))
    told, answered = capfd.readouterr().err, describe_problem(problem_of(refused))
    for text in (told, answered):
        assert "`errors`" not in text
        assert "/name: It is empty." in text
        assert "/email: It has no @." in text
        assert detail in text


def problem_of(error: ShopError) -> httpx.Response:
    fields = [{"pointer": at.pointer, "message": at.message} for at in error.errors]
    return httpx.Response(error.status, json={"title": error.title, "detail": error.detail, "errors": fields})


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
    "email_verified": False, "created_at": "2026-03-01T00:00:00Z"}]))
"""


def test_a_row_of_a_table_is_one_line_in_a_pipe() -> None:
    email, name = f"{'long.' * 40}@example.com", "Ann " * 50
    command = [sys.executable, "-c", TABLE % (email, name)]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (row,) = (line for line in shown.splitlines() if email in line)
    assert name.strip() in row
    assert "disabled, not verified" in row


HOSTILE = "[/][bold]x[/bold] :heart: \x1b]8;;http://x.example\x1b\\a\x1b[31m\x9b31m\x85\u202e\u2066\x07\rz\\"
ESCAPED = (
    r"[/][bold]x[/bold] :heart: \u001b]8;;http://x.example\u001b\a\u001b[31m\u009b31m\u0085\u202e\u2066\u0007\u000dz"
    "\\"
)
COLOUR = r"\u001b[31m"
ACCOUNT = {
    "email": HOSTILE,
    "name": HOSTILE,
    "role": "customer",
    "disabled": False,
    "email_verified": True,
    "created_at": "2026-03-01",
}
NODE = Node(HOSTILE, HOSTILE[-8:], HOSTILE, HOSTILE, EPOCH, ReplicaLoad(1.0, 1.0, 1.0), (HOSTILE,))
LETTER = DeadLetter(1, "2026-03-01", HOSTILE, HOSTILE, 1, HOSTILE, b"")
FINDING = Finding(HOSTILE, HOSTILE, HOSTILE)


def shows(what: RenderableType, **options: Any) -> Callable[[], None]:
    return lambda: console.print(what, **options)


@pytest.mark.parametrize(
    "show",
    [
        shows(users._table([ACCOUNT])),
        shows(f"{HOSTILE} can sign in.", style="green"),
        shows(Table("Session", title=HOSTILE)),
        shows(nodes.table_of([NODE], EPOCH)),
        shows(nodes.tasks_table([NODE])),
        shows(dead_letters._table([LETTER])),
        shows(events.line_of(Fact(HOSTILE, HOSTILE.encode()))),
        shows(describe_address(AddressFinding("refused", HOSTILE, HOSTILE))),
        lambda: VerificationReport(as_json=False).found(FINDING, FindingOutcome.FOUND),
        lambda: show_report({"errors": [HOSTILE]}),
    ],
)
def test_a_value_is_printed_as_it_is_without_controls(
    show: Callable[[], None], capfd: pytest.CaptureFixture[str]
) -> None:
    show()
    shown = capfd.readouterr().out
    assert DROPPED.sub("", ESCAPED) in DROPPED.sub("", shown)
    assert not UNSAFE.search(shown)


UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
DROPPED = re.compile(r"\s|\\u0007|\\u000d")
"""A title is wrapped, and rich drops some controls of a `Text`."""


def test_json_has_no_controls_and_the_same_value(capfd: pytest.CaptureFixture[str]) -> None:
    value = {"name": HOSTILE}
    print_json(value)
    print_json(value, indent=True)
    for text in capfd.readouterr().out.replace("}\n{", "}\0{").split("\0"):
        assert not UNSAFE.search(text)
        assert json.loads(text) == value


@pytest.mark.parametrize("told", [say, warn])
def test_a_message_with_colours_has_no_other_controls(
    told: Callable[[str], None], capfd: pytest.CaptureFixture[str]
) -> None:
    told(f"\x1b[31mred\x1b[0m {HOSTILE}")
    shown = "".join(capfd.readouterr())
    assert f"red {ESCAPED.replace(COLOUR, '')}" in shown
    assert not UNSAFE.search(shown)
