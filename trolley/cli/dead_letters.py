"""`trolley dead-letters`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Annotated

import typer
from rich.table import Table

from shared.jetstream.dead_letters import DeadLetter, discard, get_dead_letter, list_dead_letters, requeue
from shared.jetstream.session import NatsSession
from trolley.bus import nats_session
from trolley.cli.console import console, execute, print_json
from trolley.environment import operator_environment
from trolley.errors import CommandFailed
from trolley.invocation import command

Numbers = Annotated[
    list[int] | None,
    typer.Argument(help="Numbers from the list.", show_default=False, min=1, max=(1 << 63) - 1),
]
All = Annotated[bool, typer.Option("--all", help="All dead letters.")]
Act = Callable[[NatsSession, DeadLetter], Awaitable[None]]

app = typer.Typer(help="Events that a consumer could not handle.", no_args_is_help=True)


@app.callback()
def dead_letters() -> None:
    """Events that a consumer could not handle."""


@app.command("list")
def show(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for each, with the event.")
    ] = False,
) -> None:
    """Show the dead letters with the reason, the oldest first."""
    letters = execute(_collect())
    if as_json:
        for letter in letters:
            print_json(_as_json(letter))
    else:
        console.print(_table(letters) if letters else "There are no dead letters.")


@app.command()
def retry(numbers: Numbers = None, *, everything: All = False) -> None:
    """Give dead letters to their consumer again, as new events that other consumers ignore."""
    count = execute(_each(numbers or [], requeue, everything=everything))
    console.print(f"{count:,} given to their consumers again.", style="green")


@app.command()
def drop(numbers: Numbers = None, *, everything: All = False) -> None:
    """Remove dead letters, which cannot be undone."""
    count = execute(_each(numbers or [], discard, everything=everything))
    console.print(f"{count:,} removed.", style="green")


async def _collect() -> list[DeadLetter]:
    async with nats_session(operator_environment()) as session:
        return [letter async for letter in list_dead_letters(session)]


async def _each(numbers: Sequence[int], act: Act, *, everything: bool) -> int:
    if bool(numbers) is everything:
        raise CommandFailed(f"Give numbers that `{command('dead-letters', 'list')}` shows, or --all.")
    count = 0
    async with nats_session(operator_environment()) as session:
        chosen = list_dead_letters(session) if everything else _named(session, numbers)
        async for letter in chosen:
            await act(session, letter)
            count += 1
    return count


async def _named(session: NatsSession, numbers: Sequence[int]) -> AsyncIterator[DeadLetter]:
    """Looks all of them up before it yields the first. Raises `CommandFailed` if one does not exist."""
    found = [(number, await get_dead_letter(session, number)) for number in dict.fromkeys(numbers)]
    missing = [str(number) for number, letter in found if letter is None]
    if missing:
        raise CommandFailed(f"There is no dead letter {', '.join(missing)}. Nothing was changed.")
    for _, letter in found:
        if letter is not None:
            yield letter


def _as_json(letter: DeadLetter) -> dict[str, object]:
    return {
        "number": letter.sequence,
        "time": letter.time,
        "consumer": letter.consumer,
        "subject": letter.subject,
        "attempts": letter.attempts,
        "reason": letter.reason,
        "event": letter.data.decode(errors="replace"),
    }


def _table(letters: Sequence[DeadLetter]) -> Table:
    table = Table("Number", "Died", "Consumer", "Subject", "Attempts", "Reason", title="Dead letters")
    for letter in letters:
        row = (letter.sequence, letter.time[:19], letter.consumer, letter.subject, letter.attempts)
        table.add_row(*map(str, row), letter.reason)
    return table
