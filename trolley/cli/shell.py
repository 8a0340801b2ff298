"""`trolley shell`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import typer
from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from trolley.cli.completion import CommandCompleter, describe
from trolley.cli.console import console, warn
from trolley.cli.options import UrlOption
from trolley.environment import DATA, operator_environment, shop_url
from trolley.routes import routes_of


def shell(context: typer.Context, url: UrlOption = None) -> None:
    """All commands at a prompt, with completion of commands, options and routes (Tab) and a history.

    Leave it with Ctrl-D or `exit`.
    """
    root = context.find_root().command
    routes = routes_of(_document(url or shop_url(operator_environment())))
    session: PromptSession[str] = PromptSession(
        history=history_in(DATA), completer=CommandCompleter(describe(root), routes)
    )
    console.print("Tab completes, `--help` explains, Ctrl-D leaves.")
    for line in _lines(session):
        run_line(root, line)


def history_in(data: Path) -> History:
    """Of this shell and those before; of this one alone where the folder cannot be written."""
    path = data / "shell_history"
    try:
        data.mkdir(exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        warn(f"{path} cannot be written ({error.strerror}); the history ends with this shell.")
        return InMemoryHistory()
    return FileHistory(str(path))


def run_line(root: Any, line: str) -> None:
    """Runs one line as the command line would; its failure has been printed and does not end the shell."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        warn(str(error))
        return
    if words:
        try:
            root.main(args=words, prog_name="trolley")
        except SystemExit:
            return
        except Exception as error:
            warn(f"{type(error).__name__}: {error}")


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


def _document(base_url: str) -> dict[str, Any]:
    """The shop's OpenAPI document; without it there is no completion of routes."""
    try:
        answer = httpx.get(f"{base_url}/openapi.json", timeout=2)
    except httpx.TransportError:
        answer = None
    if answer is None or not answer.is_success:
        console.print(f"[yellow]The shop at {base_url} does not answer, so routes are not completed.[/]")
        return {}
    document: dict[str, Any] = answer.json()
    return document
