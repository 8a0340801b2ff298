"""What can be typed at the prompt of `trolley shell`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from typer.core import TyperGroup

from trolley.events import SUBJECTS
from trolley.routes import METHODS, Route


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


class CommandCompleter(Completer):
    """Completes commands, then their options; after `call METHOD` the routes that take the method, and where
    a service or a subject is asked for, those that there are."""

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
        if words[-1:] == ["--subject"]:
            yield from SUBJECTS.items()
            return
        here = self._root
        for word in words:
            here = here.commands.get(word, here)
        yield from ((name, "") for name in here.commands)
        if words:
            yield from ((option, "") for option in here.options)
        if words[:1] == ["call"]:
            yield from self._call_candidates(words[1:])
        elif words == ["services"]:
            yield from ((service, "") for service in dict.fromkeys(route.service for route in self._routes))

    def _call_candidates(self, words: list[str]) -> Iterator[tuple[str, str]]:
        if not words:
            yield from ((method.upper(), "") for method in METHODS)
        elif len(words) == 1:
            matching = (route for route in self._routes if route.method == words[0].upper())
            yield from ((route.path, route.summary) for route in matching)
