"""What can be typed: for the completion of the user's shell, and at the prompt of `trolley shell`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import typer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from typer.core import TyperGroup

import shared.http
from trolley.events import SUBJECTS
from trolley.local.programs import MODULES
from trolley.routes import METHODS, Route, routes_of


def known_routes() -> list[Route]:
    """The routes of this release, from the document that it carries."""
    document = Path(shared.http.__file__).with_name("openapi.json")
    return routes_of(orjson.loads(document.read_bytes()))


def complete_method(incomplete: str) -> list[str]:
    return [method.upper() for method in METHODS if method.upper().startswith(incomplete.upper())]


def complete_path(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    method = str(ctx.params.get("method") or "").upper()
    return [
        # The user's shell only takes what begins with the word as it was typed.
        (path if path.startswith(incomplete) else path.removeprefix("/api/v1"), summary)
        for path, summary in _paths(known_routes(), method)
        if _continues(path, incomplete)
    ]


def complete_pattern(incomplete: str) -> list[tuple[str, str]]:
    return [(subject, meaning) for subject, meaning in SUBJECTS.items() if subject.startswith(incomplete)]


def complete_subject(incomplete: str) -> list[str]:
    stems = (subject.removesuffix(">") for subject in SUBJECTS)
    return [stem for stem in stems if stem != "shop." and stem.startswith(incomplete)]


def complete_scale(incomplete: str) -> list[str]:
    return [f"{service}=" for service in MODULES if f"{service}=".startswith(incomplete)]


def _paths(routes: Iterable[Route], method: str) -> Iterator[tuple[str, str]]:
    yield from ((route.path, route.summary) for route in routes if route.method == method)


def _continues(path: str, word: str) -> bool:
    """As `call` takes them, in full or in short."""
    return path.startswith((word, f"/api/v1{word}"))


Offered = Mapping[str, str]
"""What can be typed, each with its meaning."""


@dataclass(frozen=True, slots=True)
class Described:
    """A command for the completer: its options, the commands below it, and what can follow an option."""

    options: tuple[str, ...]
    commands: Mapping[str, Described]
    values: Mapping[str, Callable[[], Offered]] = field(default_factory=dict)


def describe(command: Any) -> Described:
    """What can be typed after a command."""
    options = [name for parameter in command.params for name in parameter.opts if name.startswith("-")]
    below = command.commands if isinstance(command, TyperGroup) else {}
    values = {
        option: _VALUES[option]
        for parameter in command.params
        for option in parameter.opts
        if option in _VALUES
    }
    commands = {name: describe(sub) for name, sub in below.items() if name != "shell"}
    return Described((*options, "--help"), commands, values)


def _identities() -> Offered:
    from trolley.cli.identity import known_identities

    return dict.fromkeys(known_identities(), "")


def _datasets() -> Offered:
    from trolley.cli.seed import Dataset

    return dict.fromkeys([dataset.value for dataset in Dataset], "")


_VALUES: Mapping[str, Callable[[], Offered]] = {
    "--as": _identities,
    "--dataset": _datasets,
    "--scale": lambda: dict.fromkeys(complete_scale(""), ""),
    "--subject": lambda: SUBJECTS,
}


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
            if _continues(text, word):
                yield Completion(text, start_position=-len(word), display_meta=meaning)

    def _candidates(self, words: list[str]) -> Iterator[tuple[str, str]]:
        here = self._root
        for word in words:
            here = here.commands.get(word, here)
        if words and (values_of := here.values.get(words[-1])):
            yield from values_of().items()
            return
        yield from ((name, "") for name in here.commands)
        if words:
            yield from ((option, "") for option in here.options)
        if words[:1] in (["call"], ["bench"]):
            yield from self._call_candidates(words[1:])
        elif words == ["emit"]:
            yield from ((subject, "") for subject in complete_subject(""))
        elif words == ["services"]:
            yield from ((service, "") for service in dict.fromkeys(route.service for route in self._routes))

    def _call_candidates(self, words: list[str]) -> Iterator[tuple[str, str]]:
        if not words:
            yield from ((method.upper(), "") for method in METHODS)
        elif len(words) == 1:
            yield from _paths(self._routes, words[0].upper())
