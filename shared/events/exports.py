"""What a service keeps about a user, asked for over the bus: `request.<service>.export`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

from shared.events.ports import BusUnavailable, EventBus

DataOfUser = Callable[[str], Awaitable[dict[str, Any]]]
"""Everything that a service keeps about the user with this id, as JSON without secrets."""


@dataclass(frozen=True, slots=True)
class ExportQuestion:
    user_id: str

    def to_json(self) -> bytes:
        return orjson.dumps({"user_id": self.user_id})

    @classmethod
    def from_json(cls, body: bytes) -> ExportQuestion:
        """Raises ValueError or KeyError for another body."""
        return cls(str(orjson.loads(body)["user_id"]))


def export_subject(service: str) -> str:
    return f"request.{service}.export"


async def ask_for_export(bus: EventBus, service: str, user_id: str) -> dict[str, Any]:
    """What the service keeps about the user. Raises `BusUnavailable`."""
    answer = await bus.ask(export_subject(service), ExportQuestion(user_id).to_json())
    try:
        data: dict[str, Any] = orjson.loads(answer)["data"]
    except (ValueError, KeyError, TypeError) as error:
        raise BusUnavailable(f"{service} answered with something else than an export") from error
    return data


async def answer_exports(bus: EventBus, service: str, data_of: DataOfUser) -> None:
    """Answers until it is cancelled."""

    async def answer(question: bytes) -> bytes:
        return orjson.dumps({"data": await data_of(ExportQuestion.from_json(question).user_id)})

    await bus.answer(export_subject(service), answer)
