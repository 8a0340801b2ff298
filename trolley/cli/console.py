"""Printing, and the report of failures."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import httpx
import orjson
import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from shared.errors import ShopError
from trolley.errors import CommandFailed, NoShopChosen, describe_errors

T = TypeVar("T")

_EXPECTED = (CommandFailed, ShopError, httpx.InvalidURL, httpx.HTTPError, OSError, UnicodeError)
_BUG = "This is a bug of the command line. `python -X dev -m trolley` shows the traceback."

_USAGE = 2
"""The status of a line that is incomplete as it was typed."""

_WIDE = 10_000
"""Columns of a file or a pipe, so that no line is cut there."""

_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]|\r(?!\n)"
)
"""Controls (C0 and C1, except those between lines and columns), controls of the direction, and surrogates."""
_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")


def printable(text: str) -> str:
    """The text with each control character as its JSON escape, so no value moves the cursor of a terminal or
    turns the text around it. JSON stays the same value."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def coloured(text: str) -> Text:
    """The text of a process, with its colours but without its other escape sequences, such as links."""
    parts = enumerate(_COLOUR.split(text))  # each second part is a colour
    return Text.from_ansi("".join(part if number % 2 else printable(part) for number, part in parts))


def not_blank(given: str | None) -> str | None:
    """For an argument that names what a command changes. Refuses an empty variable of a shell, which would
    name something else, or everything. Raises `typer.BadParameter`."""
    if given is not None and not given.strip():
        raise typer.BadParameter("it is blank. Give a value, or leave the argument out.")
    return given


class PlainConsole(Console):
    """A console that prints every text unchanged: `[bold]` and `:heart:` have no meaning. Only control
    characters are `printable`. So no command can forget to escape a value."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Also measures the text, so a table has room for the escapes."""
        return super().render_str(printable(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)


def _console(*, stderr: bool) -> PlainConsole:
    """On a terminal it uses colours (unless NO_COLOR is set) and the width; elsewhere it uses neither."""
    if (sys.stderr if stderr else sys.stdout).isatty():
        return PlainConsole(stderr=stderr, markup=False, emoji=False)
    return PlainConsole(
        stderr=stderr, markup=False, emoji=False, width=_WIDE, color_system=None, force_terminal=False
    )


console = _console(stderr=False)
errors = _console(stderr=True)


def fail(message: str, status: int = 1) -> NoReturn:
    """Prints an error, which says what is wrong and what to do, and ends with the status."""
    errors.print(Text("Error:", "bold red"), coloured(message), highlight=False, soft_wrap=True)
    raise typer.Exit(status)


def say(message: str) -> None:
    """Prints lines unchanged. Colours that they contain are shown on a terminal only."""
    console.print(coloured(message), highlight=False, soft_wrap=True)


def warn(message: str) -> None:
    """Prints a line to standard error."""
    errors.print(Text("Note:", "yellow"), coloured(message), highlight=False, soft_wrap=True)


def print_json(value: Any, *, indent: bool = False) -> None:
    """Prints JSON on one line, or indented; it is never wrapped."""
    print_line(orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else None).decode())


def print_line(line: str) -> None:
    """Prints the line at once, without wrapping it."""
    print(printable(line), flush=True)  # noqa: T201  (rich would wrap it)


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
    except NoShopChosen as error:
        fail(str(error), _USAGE)
    except CommandFailed as error:
        fail(str(error), status)
    except (httpx.InvalidURL, httpx.HTTPError) as error:
        fail(f"{str(error) or type(error).__name__}. Check that the address is that of a shop.", status)
    except OSError as error:
        fail(describe_os_error(error), status)
    except UnicodeError as error:
        fail(f"The input is not UTF-8 ({error}). Give it as UTF-8.", status)
    except ShopError as error:
        fail(describe_errors(error.detail, [(at.pointer, at.message) for at in error.errors]), status)


def describe_os_error(error: OSError) -> str:
    """The reason of the system, and the file."""
    what = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {what}" if error.filename is not None else what
