"""Completion at the prompt of `trolley shell`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from typer.core import TyperGroup

from trolley.cli.completion import SUBJECTS, complete_scale, complete_subject, continues, paths_of
from trolley.openapi.operations import METHODS, ApiOperation

Completions = Mapping[str, str]
"""Completions with their meanings."""


@dataclass(frozen=True, slots=True)
class Described:
    """A command for the completer: its options, its subcommands, and the values of its options."""

    options: tuple[str, ...]
    commands: Mapping[str, Described]
    values: Mapping[str, Callable[[], Completions]] = field(default_factory=dict)


def describe(command: Any) -> Described:
    """Reads the completions of a command."""
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


def _identities() -> Completions:
    from trolley.cli.identity import known_identities

    return dict.fromkeys(known_identities(), "")


def _datasets() -> Completions:
    from trolley.cli.seed import Dataset

    return dict.fromkeys([dataset.value for dataset in Dataset], "")


_VALUES: Mapping[str, Callable[[], Completions]] = {
    "--as": _identities,
    "--dataset": _datasets,
    "--scale": lambda: dict.fromkeys(complete_scale(""), ""),
    "--subject": lambda: SUBJECTS,
}


class CommandCompleter(Completer):
    """Completes commands and their options, the routes of a method after `call METHOD`, and the values of
    arguments and options that take a service or a subject."""

    def __init__(self, root: Described, routes: Iterable[ApiOperation]) -> None:
        self._root = root
        self._routes = tuple(routes)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        del complete_event  # Tab and typing complete alike
        *before, word = document.text_before_cursor.split(" ")
        for text, meaning in self._candidates([part for part in before if part]):
            if continues(text, word):
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
            yield from paths_of(self._routes, words[0])
