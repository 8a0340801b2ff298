"""Typed events: a class for each kind of fact gives its subject and its data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Self, TypeVar

from shared.events.envelope import Event
from shared.events.ports import EventHandler


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """A fact about the entity `entity_id`. `version` is the entity's version after it.

    A subclass is named after its `type`: `CartUpdated` is `cart.updated`. Its further fields are the event's
    data, with their names and in their order. A field that is None is left out. A received event may lack an
    optional field.
    """

    type: ClassVar[str]
    entity_id: str
    version: int

    @classmethod
    def subjects(cls) -> str:
        """The pattern of the subjects of all events of this class."""
        return f"shop.{cls.type}.*"

    def to_event(self, time: datetime) -> Event:
        """The event to publish, with a new id and the current request's trace context."""
        return Event.new(self.type, self.entity_id, self.version, time, self.data())

    def data(self) -> dict[str, Any]:
        """The data of the event."""
        values = ((name, getattr(self, name)) for name, _ in _data_fields(type(self)))
        return {name: value for name, value in values if value is not None}

    @classmethod
    def from_event(cls, event: Event) -> Self:
        """Reads an event that `to_event` made. Raises KeyError if the event lacks a field."""
        data = event.data
        present = [name for name, is_optional in _data_fields(cls) if name in data or not is_optional]
        return cls(event.entity_id, event.version, **{name: data[name] for name in present})


def _data_fields(kind: type[DomainEvent]) -> tuple[tuple[str, bool], ...]:
    """The names of the fields that are data, and whether each is optional."""
    head = len(fields(DomainEvent))
    return tuple((field.name, field.default is not MISSING) for field in fields(kind)[head:])


E = TypeVar("E", bound=DomainEvent)


def subscription(kind: type[E], handle: Callable[[E], Awaitable[None]]) -> Mapping[str, EventHandler]:
    """The handlers for `EventBus.subscribe`, for all events of one class."""

    async def read_and_handle(event: Event) -> None:
        await handle(kind.from_event(event))

    return {kind.subjects(): read_and_handle}
