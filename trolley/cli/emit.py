"""`trolley emit`."""

from __future__ import annotations

import re
from typing import Annotated, Any

import orjson
import typer

from shared.clock import SystemClock
from shared.events.envelope import Event
from shared.jetstream.session import MESSAGE_ID, write_message
from trolley.bus import nats_session
from trolley.cli.call import body_of
from trolley.cli.completion import complete_subject
from trolley.cli.console import console, execute
from trolley.cli.events import line_of
from trolley.environment import operator_environment
from trolley.events import Fact

_SUBJECT = re.compile(r"shop\.([a-z]+\.[a-z]+(?:_[a-z]+)*)\.([A-Za-z0-9_-]{1,128})")


def emit(
    subject: Annotated[
        str,
        typer.Argument(
            help="shop.<domain>.<past-tense verb>.<id of the entity>.", autocompletion=complete_subject
        ),
    ],
    *,
    data: Annotated[
        str, typer.Option("--data", "-d", help="A JSON object; @FILE reads it from a file, @- from stdin.")
    ] = "{}",
    version: Annotated[
        int,
        typer.Option(
            help="The entity's version after it. Consumers ignore older ones.", min=1, max=2**53 - 1
        ),
    ] = 1,
) -> None:
    """Publish a fact by hand, as a CloudEvent with a new id and the present time.

    Every consumer believes it: an emitted shop.user.deleted removes the carts of that user.

    Example:
        trolley emit shop.product.updated.p1 -d '{"fields": ["name"]}' --version 7
    """
    match = _SUBJECT.fullmatch(subject)
    if match is None:
        raise typer.BadParameter(
            f"give a subject as in shop.cart.updated.0198c1d2, without wildcards, not {subject!r}.",
            param_hint="SUBJECT",
        )
    event = Event.new(match[1], match[2], version, SystemClock().now(), object_of(data))
    execute(_publish(event))
    console.print(
        line_of(Fact(event.subject, orjson.dumps(event.to_json()))), soft_wrap=True, highlight=False
    )


def object_of(data: str) -> dict[str, Any]:
    """The JSON object. Raises `typer.BadParameter` for another text."""
    try:
        value = orjson.loads(body_of(data) or b"")
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"give JSON ({error}).", param_hint="--data") from error
    if not isinstance(value, dict):
        raise typer.BadParameter(f"give a JSON object, not {data!r}.", param_hint="--data")
    return value


async def _publish(event: Event) -> None:
    async with nats_session(operator_environment()) as session:
        await write_message(session, event.subject, orjson.dumps(event.to_json()), {MESSAGE_ID: event.id})
