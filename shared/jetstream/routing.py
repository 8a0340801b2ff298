"""Which handler an event goes to, by NATS subject patterns: `*` is one token, `>` the rest."""

from __future__ import annotations

from collections.abc import Mapping

from shared.events.ports import EventHandler


def matches(pattern: str, subject: str) -> bool:
    wanted, tokens = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        wanted.pop()
        if len(tokens) <= len(wanted):
            return False
        tokens = tokens[: len(wanted)]
    return len(wanted) == len(tokens) and all(w in ("*", t) for w, t in zip(wanted, tokens, strict=True))


def find_handler(handlers: Mapping[str, EventHandler], subject: str) -> EventHandler | None:
    """The handler of the first pattern that matches."""
    return next((handler for pattern, handler in handlers.items() if matches(pattern, subject)), None)
