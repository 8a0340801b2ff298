"""The commands by name. A command's module is imported when the command is used, so `trolley call` does not
load the libraries of `trolley verify`."""

from __future__ import annotations

import inspect
from collections import UserDict
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.main import get_group

from trolley.invocation import invocation

NAMES = (
    "run",
    "init",
    "seed",
    "call",
    "bench",
    "services",
    "nodes",
    "mail",
    "events",
    "emit",
    "migrate",
    "verify",
    "shell",
    "users",
    "keys",
    "dead-letters",
)
"""The order is that of the list in the help."""


class Commands(UserDict[str, Any]):
    def __init__(self) -> None:
        super().__init__(dict.fromkeys(NAMES))

    def __getitem__(self, name: str) -> Any:
        if name not in self.data:
            raise KeyError(name)
        return _command(name)


@cache
def _command(name: str) -> Any:
    """The command of a module. The module has a function of its own name, or an `app` of several commands."""
    attribute = name.replace("-", "_")
    module = import_module(f"trolley.cli.{attribute}")
    above = typer.Typer(rich_markup_mode=None, add_completion=False)
    if hasattr(module, "app"):
        above.add_typer(module.app, name=name)
    else:
        function = getattr(module, attribute)
        text = _help_of(function)
        above.command(name, help=text, short_help=" ".join(text.partition("\n\n")[0].split()))(function)
    return get_group(above).commands[name]


def _help_of(function: Callable[..., Any]) -> str:
    """The docstring. Its examples, which begin with `    trolley`, begin with the command line of this
    installation in the help, and are not wrapped."""
    text = inspect.cleandoc(function.__doc__ or "")
    return text.replace("Example:\n", "\b\nExample:\n").replace("\n    trolley ", f"\n    {invocation()} ")
