"""Events: facts in the past tense, as CloudEvents 1.0 JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.clock import from_rfc3339, to_rfc3339
from shared.ids import new_id
from shared.observability.tracing import current_traceparent


@dataclass(frozen=True, slots=True)
class Event:
    """One fact about one entity. `type` is `<domain>.<past-tense verb>` (`product.price_changed`), `version`
    the entity's version after it, `traceparent` the W3C trace context of the request that caused it."""

    id: str
    type: str
    entity_id: str
    version: int
    time: datetime
    data: Mapping[str, Any]
    traceparent: str | None = None

    @property
    def subject(self) -> str:
        """The NATS subject, `shop.<domain>.<past-tense verb>.<entity id>`."""
        return f"shop.{self.type}.{self.entity_id}"

    @classmethod
    def new(cls, type: str, entity_id: str, version: int, time: datetime, data: Mapping[str, Any]) -> Event:
        """A new event, with the trace context of the current request."""
        return cls(new_id(), type, entity_id, version, time, data, current_traceparent())

    def to_json(self) -> dict[str, Any]:
        """The CloudEvents 1.0 structured form, JSON format."""
        body: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "type": f"shop.{self.type}",
            "source": f"/{self.type.partition('.')[0]}",
            "subject": self.entity_id,
            "time": to_rfc3339(self.time),
            "datacontenttype": "application/json",
            "entityversion": self.version,
            "data": self.data,
        }
        if self.traceparent:
            body["traceparent"] = self.traceparent
        return body

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Event:
        """Reads an event that `to_json` wrote. Raises KeyError or ValueError for another body."""
        return cls(
            id=body["id"],
            type=body["type"].removeprefix("shop."),
            entity_id=body["subject"],
            version=body["entityversion"],
            time=from_rfc3339(body["time"]),
            data=body["data"],
            traceparent=body.get("traceparent"),
        )
