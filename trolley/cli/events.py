"""`trolley events`."""

from __future__ import annotations

from contextlib import aclosing, suppress
from datetime import timedelta
from typing import Annotated

import orjson
import typer
from rich.text import Text

from shared.clock import to_rfc3339
from trolley.bus import nats_session
from trolley.cli.completion import EVERYTHING, complete_pattern
from trolley.cli.console import console, execute, print_line
from trolley.environment import operator_environment
from trolley.events import Fact, follow, parse_age


def events(
    *,
    subject: Annotated[
        str,
        typer.Option(
            help="The events to follow, as in shop.cart.> or shop.*.deleted.*",
            autocompletion=complete_pattern,
        ),
    ] = EVERYTHING,
    since: Annotated[
        str | None, typer.Option(help="Begin with events of this age, as in 5m; s, m, h or d.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole event as a line of JSON.")] = False,
) -> None:
    """Follow the facts of the shop as they happen, one line each, until Ctrl-C.

    Example:
        trolley events --subject 'shop.product.>' --since 1h
    """
    with suppress(KeyboardInterrupt):
        execute(_follow(subject, parse_age(since) if since else None, as_json=as_json))


async def _follow(subject: str, age: timedelta | None, *, as_json: bool) -> None:
    async with (
        nats_session(operator_environment()) as session,
        aclosing(follow(session, subject, age)) as facts,
    ):
        async for fact in facts:
            if as_json:
                print_line(fact.body.decode(errors="replace"))
            else:
                console.print(line_of(fact), soft_wrap=True, highlight=False)


def line_of(fact: Fact) -> Text:
    """The time, the subject, the version and the data of the event."""
    event = fact.event
    if event is None:
        return Text.assemble((fact.subject, "red"), " ", fact.body.decode(errors="replace"))
    return Text.assemble(
        (to_rfc3339(event.time), "dim"),
        " ",
        (event.subject, "cyan"),
        (f" v{event.version} ", "bold"),
        orjson.dumps(event.data).decode(),
    )
