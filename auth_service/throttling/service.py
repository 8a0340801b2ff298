"""The throttle: slows down those who guess, and never the owner."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from auth_service.clients import Client
from auth_service.throttling.budgets import Budgets
from auth_service.throttling.errors import SignInThrottled, in_words, whole_seconds
from auth_service.throttling.fallback import FallbackTallies
from auth_service.throttling.metrics import THROTTLED
from auth_service.throttling.model import Budget, Charge, Operation, Verdict
from auth_service.throttling.ports import Tallies
from auth_service.throttling.turns import QueueIsFull, Turns
from shared.errors import TooManyRequests, Unavailable

_PATIENCE_SECONDS = 30.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.1

Refusal = Callable[[float], TooManyRequests]
"""The error for a wait in seconds."""


class SignInThrottle:
    """Counts attempts before their password is checked. So the number of checks keeps the budgets, however
    many attempts arrive at once and at however many replicas. A success takes its own attempt back."""

    def __init__(self, budgets: Budgets, tallies: FallbackTallies) -> None:
        self._budgets = budgets
        self._tallies = tallies
        self._turns = Turns()

    @asynccontextmanager
    async def attempt(self, account: str, client: Client, *, known: str | None = None) -> AsyncIterator[None]:
        budgets = self._budgets
        charges = budgets.of_device(account, client, known) if known else budgets.of_stranger(account, client)
        async with self._counted(charges, SignInThrottled.for_seconds):
            yield

    @asynccontextmanager
    async def confirmation(self, session_id: str, client: Client) -> AsyncIterator[None]:
        async with self._counted(self._budgets.of_session(session_id, client), _wrong_passwords):
            yield

    async def sign_up(self, client: Client) -> None:
        await self._spend_rate("sign-up", client, self._budgets.sign_ups, "new accounts")

    async def guest(self, client: Client) -> None:
        await self._spend_rate("guest", client, self._budgets.guests, "new guests")

    async def mail(self, account: str, client: Client, *, is_known: bool = False) -> bool:
        charges = self._budgets.of_codes(account, client, is_known=is_known)
        await self._spend(charges, "codes from this address")
        verdict, _ = await self._tallies.apply(Operation.SPEND, self._budgets.of_mail(account, client))
        return verdict.admitted

    async def change_mail(self, user_id: str, account: str) -> None:
        await self._spend(self._budgets.of_change(user_id, account), "codes for a change of address")

    async def _spend_rate(self, kind: str, client: Client, budget: Budget | None, what: str) -> None:
        if budget is not None:
            await self._spend([Charge(kind, f"{kind}:{client.network}", budget)], f"{what} from this address")

    async def _spend(self, charges: Sequence[Charge], what: str) -> None:
        verdict, _ = await self._tallies.apply(Operation.SPEND, charges)
        if not verdict.admitted:
            THROTTLED.labels(verdict.kind).inc()
            seconds = whole_seconds(verdict.wait)
            detail = f"Too many {what}. Try again in {in_words(seconds)}."
            raise TooManyRequests(detail, retry_after=seconds)

    @asynccontextmanager
    async def _counted(self, charges: Sequence[Charge], refusal: Refusal) -> AsyncIterator[None]:
        try:
            async with self._turns.turn(charges[0].key):
                verdict, tallies = await self._begin(charges)
                if verdict.admitted:
                    async with self._outcome(tallies, charges):
                        yield
                    return
        except QueueIsFull:
            verdict = Verdict("queue")
        THROTTLED.labels(verdict.kind).inc()
        raise refusal(verdict.wait)

    async def _begin(self, charges: Sequence[Charge]) -> tuple[Verdict, Tallies]:
        """The verdict, and the tallies in which the attempt counts now."""
        ends_at, pause = time.monotonic() + _PATIENCE_SECONDS, _FIRST_PAUSE
        while True:
            verdict, tallies = await self._tallies.apply(Operation.BEGIN, charges)
            if not verdict.is_busy or time.monotonic() > ends_at:
                return verdict, tallies
            # Attempts at other replicas have no outcome yet. If their passwords are right, this one may
            # begin.
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, _LONGEST_PAUSE)

    @asynccontextmanager
    async def _outcome(self, tallies: Tallies, charges: Sequence[Charge]) -> AsyncIterator[None]:
        operation = Operation.FAIL  # also when the client gives up: the password may have been checked
        try:
            yield
            operation = Operation.SUCCEED
        except (Unavailable, TooManyRequests):
            operation = Operation.WITHDRAW
            raise
        finally:
            await self._tallies.end(tallies, operation, charges)


def _wrong_passwords(wait: float) -> TooManyRequests:
    seconds = whole_seconds(wait)
    return TooManyRequests(
        f"Too many wrong passwords. Try again in {in_words(seconds)}.", retry_after=seconds
    )
