"""Applies changes of one aggregate that arrive together one after the other, for one write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from shared.aggregates.change import Change
from shared.aggregates.hot import Held
from shared.events.envelope import Event

A = TypeVar("A")


class QueuedChange(Generic[A]):
    """One caller's change and the future of its result. Without a change it only asks to drop the
    `delivered` events. `is_first` if the caller believes that there is no aggregate yet."""

    __slots__ = ("_change", "_context", "delivered", "future", "is_first")

    def __init__(
        self,
        change: Callable[[A | None], Change[A, Any]] | None,
        delivered: frozenset[str] = frozenset(),
        *,
        is_first: bool = False,
    ) -> None:
        self._change = change
        self.is_first = is_first
        self._context: Context = copy_context()
        self.delivered = delivered
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def apply(self, aggregate: A | None) -> Change[A, Any] | Exception:
        """The outcome of the change, in the context of its caller (trace, log fields), or its exception."""
        if self._change is None:
            return Change(None, None)
        try:
            return self._context.run(self._change, aggregate)
        except Exception as error:
            return error

    def finish(self, outcome: Change[A, Any] | Exception) -> None:
        if self.future.done():
            return
        if isinstance(outcome, Exception):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome.result)


@dataclass(slots=True)
class Applied(Generic[A]):
    """The outcome of several changes of one aggregate."""

    aggregate: A | None
    outcomes: list[Change[A, Any] | Exception] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    is_changed: bool = False


def apply_all(changes: Sequence[QueuedChange[A]], held: Held[A]) -> Applied[A]:
    """Each change gets the aggregate of the change before it. A change that raises has no effect."""
    applied = Applied(held.aggregate)
    for change in changes:
        outcome = change.apply(applied.aggregate)
        applied.outcomes.append(outcome)
        if isinstance(outcome, Change) and outcome.aggregate is not None:
            applied.aggregate = outcome.aggregate
            applied.events += outcome.events
            applied.is_changed = True
    return applied
