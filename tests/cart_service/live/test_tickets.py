"""How long a ticket is worth something, and to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cart_service.live.ports import StreamGrant
from cart_service.live.tickets import StreamTickets, TicketRefused, TooManyTickets
from shared.errors import NotAuthenticated
from tests.cart_service.memory_grants import MemoryGrants
from tests.cart_service.stage import START, viewer


class Desk:
    """Issues tickets, with a clock and ended sessions that a test commands."""

    def __init__(self, per_minute: int = 3) -> None:
        self.moment = START
        self.ended: set[str] = set()
        self.tickets = StreamTickets(MemoryGrants(), self, self.ended.__contains__, per_minute=per_minute)

    def now(self):
        return self.moment

    def wait(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    async def issue(self, user_id: str = "ann", life: float = 600) -> str:
        return await self.tickets.issue(StreamGrant("bob", viewer(user_id, "phone", life)))


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_ticket_stands_for_the_cart_and_the_viewer(desk: Desk) -> None:
    ticket = await desk.issue()
    desk.wait(59)
    assert await desk.tickets.redeem(ticket) == StreamGrant("bob", viewer("ann", "phone", 600))


async def test_a_ticket_works_once(desk: Desk) -> None:
    ticket = await desk.issue()
    await desk.tickets.redeem(ticket)
    with pytest.raises(TicketRefused, match="POST /api/v1/cart/events/ticket"):
        await desk.tickets.redeem(ticket)


async def test_a_ticket_is_worth_nothing_after_a_minute(desk: Desk) -> None:
    ticket = await desk.issue()
    desk.wait(60)
    with pytest.raises(TicketRefused):
        await desk.tickets.redeem(ticket)


async def test_a_ticket_lives_no_longer_than_its_token(desk: Desk) -> None:
    ticket = await desk.issue(life=30)
    desk.wait(30)
    with pytest.raises(NotAuthenticated, match="has expired"):
        await desk.tickets.redeem(ticket)


async def test_a_ticket_ends_with_its_session(desk: Desk) -> None:
    ticket = await desk.issue()
    desk.ended.add("phone")
    with pytest.raises(NotAuthenticated, match="ended"):
        await desk.tickets.redeem(ticket)


async def test_a_user_gets_so_many_tickets_in_a_minute(desk: Desk) -> None:
    desk.wait(45)
    for _ in range(3):
        await desk.issue()
    with pytest.raises(TooManyTickets) as refused:
        await desk.issue()
    assert refused.value.headers["Retry-After"] == "15"
    await desk.issue("bob")
    desk.wait(15)
    await desk.issue()
