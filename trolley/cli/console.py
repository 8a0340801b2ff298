"""Printing, and the report of failures."""

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

_EXPECTED = (CommandFailed, ShopError, httpx.InvalidURL, httpx.HTTPError, OSError, UnicodeError)
_BUG = "This is a bug of the command line. `python -X dev -m trolley` shows the traceback."

_WIDE = 10_000
"""Columns of a file or a pipe, so that no line is cut there."""


def _console(*, stderr: bool) -> Console:
    """On a terminal it uses colours (unless NO_COLOR is set) and the width; elsewhere it uses neither."""
    if (sys.stderr if stderr else sys.stdout).isatty():
        return Console(stderr=stderr)
    return Console(stderr=stderr, width=_WIDE, color_system=None, force_terminal=False)


console = _console(stderr=False)
errors = _console(stderr=True)


def fail(message: str, status: int = 1) -> NoReturn:
    """Prints an error, which says what is wrong and what to do, and ends with the status."""
    errors.print("[bold red]Error:[/]", Text.from_ansi(message), highlight=False, soft_wrap=True)
    raise typer.Exit(status)


def say(message: str) -> None:
    """Prints lines unchanged. Colours that they contain are shown on a terminal only."""
    console.print(Text.from_ansi(message), highlight=False, soft_wrap=True)


def warn(message: str) -> None:
    """Prints a line to standard error."""
    errors.print("[yellow]Note:[/]", Text.from_ansi(message), highlight=False, soft_wrap=True)


def execute(work: Coroutine[Any, Any, T], *, failure: int = 1) -> T:
    """Runs the work of a command with `report_failures`. Ctrl-C ends it silently."""
    with report_failures(failure):
        try:
            return asyncio.run(work)
        except (*_EXPECTED, typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:
            if sys.flags.dev_mode:
                raise
            fail(f"{type(error).__name__}: {error}\n{_BUG}", failure)


@contextmanager
def report_failures(status: int = 1) -> Iterator[None]:
    """Prints an expected failure as one line instead of a traceback, and ends with the status."""
    try:
        yield
    except BrokenPipeError:  # the reader has ended, which is not a failure
        raise
    except CommandFailed as error:
        fail(str(error), status)
    except (httpx.InvalidURL, httpx.HTTPError) as error:
        fail(f"{str(error) or type(error).__name__}. Check that the address is that of a shop.", status)
    except OSError as error:
        fail(describe_os_error(error), status)
    except UnicodeError as error:
        fail(f"The input is not UTF-8 ({error}). Give it as UTF-8.", status)
    except ShopError as error:
        fail("\n".join([error.detail, *(f"  {at.pointer}: {at.message}" for at in error.errors)]), status)


def describe_os_error(error: OSError) -> str:
    """The reason of the system, and the file."""
    what = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {what}" if error.filename is not None else what
