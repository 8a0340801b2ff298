"""`trolley shell`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import typer
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from typer.core import TyperGroup

from trolley.cli.console import console, warn
from trolley.cli.options import UrlOption
from trolley.environment import DATA, operator_environment, shop_url

_METHODS = ("get", "post", "put", "patch", "delete")


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


@dataclass(frozen=True, slots=True)
class Described:
    """A command for the completer: its options, and the commands below it."""

    options: tuple[str, ...]
    commands: Mapping[str, Described]


def describe(command: Any) -> Described:
    """What can be typed after a command."""
    options = [name for parameter in command.params for name in parameter.opts if name.startswith("-")]
    below = command.commands if isinstance(command, TyperGroup) else {}
    return Described(
        (*options, "--help"), {name: describe(sub) for name, sub in below.items() if name != "shell"}
    )


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    summary: str


def routes_of(document: Mapping[str, Any]) -> list[Route]:
    """The routes of an OpenAPI document."""
    return [
        Route(method.upper(), path, operation.get("summary", ""))
        for path, operations in document.get("paths", {}).items()
        for method, operation in operations.items()
        if method in _METHODS
    ]


class CommandCompleter(Completer):
    """Completes commands, then their options; after `call METHOD` the routes that take the method."""

    def __init__(self, root: Described, routes: Iterable[Route]) -> None:
        self._root = root
        self._routes = tuple(routes)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        del complete_event  # Tab and typing complete alike
        *before, word = document.text_before_cursor.split(" ")
        for text, meaning in self._candidates([part for part in before if part]):
            if text.startswith((word, f"/api/v1{word}")):  # as `call` takes them, in full or in short
                yield Completion(text, start_position=-len(word), display_meta=meaning)

    def _candidates(self, words: list[str]) -> Iterator[tuple[str, str]]:
        here = self._root
        for word in words:
            here = here.commands.get(word, here)
        yield from ((name, "") for name in here.commands)
        if words:
            yield from ((option, "") for option in here.options)
        if words[:1] == ["call"]:
            yield from self._call_candidates(words[1:])

    def _call_candidates(self, words: list[str]) -> Iterator[tuple[str, str]]:
        if not words:
            yield from ((method.upper(), "") for method in _METHODS)
        elif len(words) == 1:
            matching = (route for route in self._routes if route.method == words[0].upper())
            yield from ((route.path, route.summary) for route in matching)


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
