"""What the delivery of a cart's events is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cart_service.carts.events import CartDelivery
from cart_service.changes import ChangeListener
from shared.clock import SystemClock
from shared.errors import Unavailable
from shared.events.envelope import Event


class Recorder(ChangeListener):
    """A bus and a listener to updates. Both can be unavailable."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.away: set[str] = set()
        self.delivery = CartDelivery(self, self)  # type: ignore[arg-type]

    async def publish(self, event: Event) -> None:
        self._tell("bus", f"{event.type} {event.version}")

    async def cart_written(self, owner: str, version: int) -> None:
        self._tell("summary", f"{owner} {version}")

    def _tell(self, who: str, what: str) -> None:
        if who in self.away:
            raise Unavailable(f"{who} is away")
        self.heard.append(what)


def events(*versions: int) -> Sequence[Event]:
    return [Event.new("cart.updated", "ann", version, SystemClock().now(), {}) for version in versions]


async def test_the_events_go_out_and_then_the_summary_is_seen_to_once() -> None:
    recorder = Recorder()
    await recorder.delivery("ann", events(3, 4))
    assert recorder.heard == ["cart.updated 3", "cart.updated 4", "ann 4"]


@pytest.mark.parametrize("who", ["bus", "summary"])
async def test_it_fails_unless_both_worked(who: str) -> None:
    recorder = Recorder()
    recorder.away.add(who)
    with pytest.raises(Unavailable):
        await recorder.delivery("ann", events(3))
    recorder.away.clear()
    await recorder.delivery("ann", events(3))
    assert recorder.heard[-2:] == ["cart.updated 3", "ann 3"]
