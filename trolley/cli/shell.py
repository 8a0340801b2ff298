"""`trolley shell`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import typer
from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from trolley.cli.completion import known_routes
from trolley.cli.console import console, warn
from trolley.cli.identity import UrlOption
from trolley.cli.prompt import CommandCompleter, describe
from trolley.environment import checked_address, operator_environment, shop_url
from trolley.errors import CommandFailed
from trolley.openapi.operations import ApiOperation, operations_of
from trolley.state import private_folder, state_folder


def shell(context: typer.Context, url: UrlOption = None) -> None:
    """Run commands at a prompt, with a history and completion (Tab) of commands, options and routes.

    `help` explains the commands, `help COMMAND` one of them. End it with Ctrl-D or `exit`.
    """
    if url is not None:
        os.environ["TROLLEY_URL"] = checked_address(url)  # for the commands as well
    root = context.find_root().command
    session: PromptSession[str] = PromptSession(
        history=history_in(state_folder()), completer=CommandCompleter(describe(root), _routes())
    )
    console.print("Tab completes, `help` explains, Ctrl-D leaves.")
    for line in _lines(session):
        run_line(root, line)


def history_in(folder: Path) -> History:
    """The history of all shells; only that of this one if the folder cannot be written."""
    path = folder / "shell_history"
    try:
        private_folder(folder)
        path.touch(mode=0o600)
    except OSError as error:
        warn(f"{path} cannot be written ({error.strerror}), so the history ends with this shell.")
        return InMemoryHistory()
    return FileHistory(str(path))


def run_line(root: Any, line: str) -> None:
    """Runs one line. A failure is printed and does not end the shell."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        warn(str(error))
        return
    if words := typed(words):
        try:
            root.main(args=words, prog_name="trolley")
        except SystemExit:
            return
        except Exception as error:
            warn(f"{type(error).__name__}: {error}")


def typed(words: Sequence[str]) -> list[str]:
    """The words of the command: without `trolley` before it, and `call --help` for `help call`."""
    rest = list(words)
    if rest[:1] and Path(rest[0]).name == "trolley":
        rest = rest[1:]
    elif rest[:1] == ["docker"] and "operator" in rest[:8]:
        rest = rest[rest.index("operator") + 1 :]
    elif "trolley" in rest[:8] and rest[0] in ("docker", "python", "python3"):
        rest = rest[rest.index("trolley") + 1 :]
    return [*rest[1:], "--help"] if rest[:1] in (["help"], ["?"]) else rest


def _lines(session: PromptSession[str]) -> Iterator[str]:
    while True:
        try:
            line = session.prompt("trolley> ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if line.strip() in ("exit", "quit"):
            return
        yield line


def _routes() -> list[ApiOperation]:
    """The routes of the shop, or those of this release if it does not answer."""
    try:
        answer = httpx.get(f"{shop_url(operator_environment())}/openapi.json", timeout=2)
        return operations_of(answer.raise_for_status().json())
    except (CommandFailed, httpx.HTTPError, ValueError) as error:
        warn(str(error))
        return known_routes()
