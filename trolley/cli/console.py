"""What the commands print with."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

import typer
from rich.console import Console

from shared.errors import ShopError
from trolley.errors import CommandFailed

T = TypeVar("T")

console = Console()
_errors = Console(stderr=True)


def fail(message: str) -> NoReturn:
    """Prints what went wrong and what to do, and ends with status 1."""
    _errors.print("[bold red]Error:[/]", message, highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def execute(work: Coroutine[Any, Any, T]) -> T:
    """Runs a command's work; an expected failure becomes one line instead of a traceback."""
    try:
        return asyncio.run(work)
    except CommandFailed as error:
        fail(str(error))
    except ShopError as error:
        fail("\n".join([error.detail, *(f"  {at.pointer}: {at.message}" for at in error.errors)]))
