"""What the commands print with."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import httpx
import typer
from rich.console import Console
from rich.text import Text

from shared.errors import ShopError
from trolley.errors import CommandFailed

T = TypeVar("T")

_TOLD = (CommandFailed, ShopError, httpx.InvalidURL, httpx.HTTPError, OSError, UnicodeError)
_A_FAULT = "This is a fault of the command line. With `python -X dev -m trolley` it shows where it is."

_WIDE = 10_000
"""Columns of what is no terminal: there a line is as long as what it says."""


def _console(*, stderr: bool) -> Console:
    """Colours (without NO_COLOR) and a width where there is a terminal; elsewhere nothing is coloured or
    cut."""
    if (sys.stderr if stderr else sys.stdout).isatty():
        return Console(stderr=stderr)
    return Console(stderr=stderr, width=_WIDE, color_system=None, force_terminal=False)


console = _console(stderr=False)
errors = _console(stderr=True)


def fail(message: str, status: int = 1) -> NoReturn:
    """Prints what went wrong and what to do, and ends with that status."""
    errors.print("[bold red]Error:[/]", Text.from_ansi(message), highlight=False, soft_wrap=True)
    raise typer.Exit(status)


def say(message: str) -> None:
    """Prints lines as they are, whatever they quote; colours of a quoted process only where there are any."""
    console.print(Text.from_ansi(message), highlight=False, soft_wrap=True)


def warn(message: str) -> None:
    """Prints a line to standard error, beside what the command prints."""
    errors.print("[yellow]Note:[/]", Text.from_ansi(message), highlight=False, soft_wrap=True)


def execute(work: Coroutine[Any, Any, T], *, failure: int = 1) -> T:
    """Runs a command's work, with `failures_told`. Ctrl-C ends it without a word."""
    with failures_told(failure):
        try:
            return asyncio.run(work)
        except (*_TOLD, typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:
            if sys.flags.dev_mode:
                raise
            fail(f"{type(error).__name__}: {error}\n{_A_FAULT}", failure)


@contextmanager
def failures_told(status: int = 1) -> Iterator[None]:
    """An expected failure becomes one line instead of a traceback, and the status."""
    try:
        yield
    except BrokenPipeError:  # nobody reads on, and that is no failure to tell
        raise
    except CommandFailed as error:
        fail(str(error), status)
    except (httpx.InvalidURL, httpx.HTTPError) as error:
        fail(f"{str(error) or type(error).__name__}. Does the address belong to a shop?", status)
    except OSError as error:
        fail(describe_os_error(error), status)
    except UnicodeError as error:
        fail(f"What was given is not UTF-8 ({error}).", status)
    except ShopError as error:
        fail("\n".join([error.detail, *(f"  {at.pointer}: {at.message}" for at in error.errors)]), status)


def describe_os_error(error: OSError) -> str:
    """What the system refused, and where."""
    what = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {what}" if error.filename is not None else what
