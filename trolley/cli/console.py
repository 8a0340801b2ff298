"""What the commands print with."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from shared.errors import ShopError
from trolley.errors import CommandFailed

T = TypeVar("T")

console = Console()
_errors = Console(stderr=True)


def fail(message: str, status: int = 1) -> NoReturn:
    """Prints what went wrong and what to do, and ends with that status."""
    _errors.print("[bold red]Error:[/]", escape(message), highlight=False, soft_wrap=True)
    raise typer.Exit(status)


def say(message: str) -> None:
    """Prints a line as it is, whatever it quotes."""
    console.print(message, markup=False, highlight=False, soft_wrap=True)


def execute(work: Coroutine[Any, Any, T], *, failure: int = 1) -> T:
    """Runs a command's work; an expected failure becomes one line instead of a traceback, and the
    status `failure`."""
    try:
        return asyncio.run(work)
    except CommandFailed as error:
        fail(str(error), failure)
    except OSError as error:
        fail(describe_os_error(error), failure)
    except ShopError as error:
        fail("\n".join([error.detail, *(f"  {at.pointer}: {at.message}" for at in error.errors)]), failure)


def describe_os_error(error: OSError) -> str:
    """What the system refused, and where."""
    what = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {what}" if error.filename is not None else what
