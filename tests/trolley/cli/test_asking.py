"""The questions of `trolley users create` and its like, at a terminal and without one."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
from pathlib import Path

import pytest

from shared.security.identity import Role
from tests.support.terminal import Terminal
from trolley.cli.asking import PasswordRule
from trolley.local.ports import free_port

GOOD = "correct horse battery"


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    (tmp_path / "elsewhere").mkdir()
    return Terminal(tmp_path / "elsewhere", {"GATEWAY_PORT": str(free_port())})


async def typed(terminal: Terminal, words: tuple[str, ...], *answers: tuple[str, str]) -> str:
    """What a terminal shows. Each answer is typed when its question has been shown to
    the space at its end: what is typed before is thrown away, so that nobody sees it."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "trolley", *words),
        cwd=terminal.directory,
        env={**terminal.variables, "TERM": "dumb"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown, waiting = "", list(answers)
    try:
        async with asyncio.timeout(60):
            while text := await asyncio.to_thread(_read, ours):
                shown += text
                since = shown.rpartition("\n")[2]
                if waiting and since.endswith(": ") and waiting[0][0] in since:
                    os.write(ours, f"{waiting.pop(0)[1]}\n".encode())
                    shown += "\n"
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
        os.close(ours)
    assert not waiting, shown
    return shown.replace("\r", "")


def _read(terminal: int) -> str:
    try:
        return os.read(terminal, 65_536).decode()
    except OSError:  # the other side was closed
        return ""


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (("users", "create", "--admin"), "15 to 128 characters"),
        (("users", "create", "--editor"), "15 to 128 characters"),
        (("users", "create"), "8 to 128 characters"),
    ],
)
async def test_the_rule_is_named_and_a_mistake_is_asked_for_again(
    terminal: Terminal, words: tuple[str, ...], rule: str
) -> None:
    question = f"Password ({rule})"
    shown = await typed(
        terminal,
        words,
        ("E-mail", "nonsense"),
        ("E-mail", "boss@example.com"),
        (question, "short"),
        (question, GOOD),
        ("Repeat", "something else"),
        (question, GOOD),
        ("Repeat", GOOD),
    )
    assert f"The password has {rule}." in shown
    assert "differ" in shown
    assert GOOD not in shown
    assert "No shop was found" in shown  # only then is it used


async def test_without_a_terminal_the_options_are_named(terminal: Terminal) -> None:
    lines = (
        *("users create --admin", "users create --email a@example.com", "users password a@example.com"),
        "call GET /auth/me --as a@example.com --url http://127.0.0.1:1",
    )
    for line, result in zip(lines, await terminal.run_each(*lines), strict=True):
        assert result.status in (1, 2), line
        assert "--password-stdin" in result.errors, (line, result)
        assert "Aborted" not in result.errors, line
        assert "echoed" not in result.errors, line


async def test_a_password_from_stdin_is_checked_before_anything_else(terminal: Terminal) -> None:
    lines = (
        "users create --admin --email a@example.com --password-stdin",
        "users create --email a@example.com --password-stdin",
        "users password a@example.com --password-stdin",
    )
    rules = ("has 15 to 128 characters", "has 8 to 128 characters", "at least 15 for an editor")
    for line, rule, result in zip(
        lines, rules, await terminal.run_each(*lines, stdin="short\n"), strict=True
    ):
        assert result.status == 1, line
        assert rule in result.errors, (line, result)


async def test_a_body_and_a_password_cannot_both_come_from_stdin(terminal: Terminal) -> None:
    (result,) = await terminal.run_each("call POST /x --as a@example.com --password-stdin -d @-")
    assert result.status == 2
    assert "--data" in result.errors


@pytest.mark.parametrize(
    ("role", "given", "fits"),
    [
        (Role.ADMIN, "a" * 14, False),
        (Role.ADMIN, "a" * 15, True),
        (Role.CUSTOMER, "a" * 7, False),
        (Role.CUSTOMER, "a" * 128, True),
        (Role.CUSTOMER, "a" * 129, False),
        (Role.CUSTOMER, "e\u0301" * 7, False),  # seven characters in NFC
        (None, "a" * 8, True),
    ],
)
def test_the_length_is_that_of_the_normal_form(role: Role | None, given: str, fits: bool) -> None:
    assert (PasswordRule.of(role).fault(given) is None) is fits
